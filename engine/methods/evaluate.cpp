#include "phosphene/methods/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <variant>
#include <vector>

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

void check_sizes(const Tensor& a, const Tensor& b) {
  const Shape &s = a.shape(), &t = b.shape();
  if (s.n == 1 && s.c == 1 && s == t) return;
  throw Error("maps of " + to_string(s) + " and " + to_string(t) +
              ": expected two of one size, 1x1xHxW");
}

// Ranks from 0 in the order of the values; equal ones share their mean.
std::vector<double> ranks(const Tensor& x) {
  const auto count = static_cast<std::size_t>(x.count());
  const float* values = x.data();
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t i, std::size_t j) { return values[i] < values[j]; });
  std::vector<double> result(count);
  for (std::size_t from = 0, to; from < count; from = to) {
    to = from + 1;
    while (to < count && values[order[to]] == values[order[from]]) ++to;
    const double mean = static_cast<double>(from + to - 1) / 2;
    for (std::size_t i = from; i < to; ++i) result[order[i]] = mean;
  }
  return result;
}

}  // namespace

double pointing(const Tensor& map, const Tensor& mask, double tolerance) {
  check_sizes(map, mask);
  const std::int64_t h = map.shape().h, w = map.shape().w;
  const float largest = *std::max_element(map.data(), map.data() + map.count());
  const auto reach = static_cast<std::int64_t>(std::floor(tolerance));
  const auto hits = [&](std::int64_t y, std::int64_t x) {
    for (std::int64_t v = std::max<std::int64_t>(0, y - reach); v <= std::min(h - 1, y + reach);
         ++v) {
      for (std::int64_t u = std::max<std::int64_t>(0, x - reach); u <= std::min(w - 1, x + reach);
           ++u) {
        const auto square = static_cast<double>((v - y) * (v - y) + (u - x) * (u - x));
        if (mask.data()[v * w + u] > 0.5F && square <= tolerance * tolerance) return true;
      }
    }
    return false;
  };
  double count = 0, good = 0;
  for (std::int64_t i = 0; i < map.count(); ++i) {
    if (map.data()[i] != largest) continue;
    ++count;
    good += hits(i / w, i % w);
  }
  return count > 0 ? good / count : 0;
}

double energy_inside(const Tensor& map, const Tensor& mask) {
  check_sizes(map, mask);
  double all = 0, inside = 0, area = 0;
  for (std::int64_t i = 0; i < map.count(); ++i) {
    const double energy = std::max(map.data()[i], 0.0F), in = mask.data()[i] > 0.5F;
    all += energy;
    inside += in * energy;
    area += in;
  }
  return all > 0 ? inside / all : area / static_cast<double>(map.count());
}

double intersection_over_union(const Tensor& a, const Tensor& b) {
  check_sizes(a, b);
  std::int64_t both = 0, either = 0;
  for (std::int64_t i = 0; i < a.count(); ++i) {
    const bool in_a = a.data()[i] > 0.5F, in_b = b.data()[i] > 0.5F;
    both += in_a && in_b;
    either += in_a || in_b;
  }
  return either ? static_cast<double>(both) / static_cast<double>(either) : 1;
}

double rank_correlation(const Tensor& a, const Tensor& b) {
  if (a.count() != b.count()) {
    throw Error("tensors of " + to_string(a.shape()) + " and " + to_string(b.shape()) +
                ": a rank correlation needs as many elements of both");
  }
  const std::vector<double> x = ranks(a), y = ranks(b);
  const double mean = static_cast<double>(x.size() - 1) / 2;
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
    xy += (x[i] - mean) * (y[i] - mean);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
}

Tensor sobel(const Tensor& images) {
  const Shape s = images.shape();
  Tensor result = Tensor::host({s.n, 1, s.h, s.w});
  for (std::int64_t n = 0; n < s.n; ++n) {
    for (std::int64_t y = 0; y < s.h; ++y) {
      for (std::int64_t x = 0; x < s.w; ++x) {
        float largest = 0;
        for (std::int64_t c = 0; c < s.c; ++c) {
          const float* plane = images.data() + (n * s.c + c) * s.pixels();
          const auto at = [&](std::int64_t v, std::int64_t u) {
            return plane[std::clamp<std::int64_t>(v, 0, s.h - 1) * s.w +
                         std::clamp<std::int64_t>(u, 0, s.w - 1)];
          };
          const float across = at(y - 1, x + 1) + 2 * at(y, x + 1) + at(y + 1, x + 1) -
                               at(y - 1, x - 1) - 2 * at(y, x - 1) - at(y + 1, x - 1);
          const float down = at(y + 1, x - 1) + 2 * at(y + 1, x) + at(y + 1, x + 1) -
                             at(y - 1, x - 1) - 2 * at(y - 1, x) - at(y - 1, x + 1);
          largest = std::max(largest, std::sqrt(across * across + down * down));
        }
        result.data()[(n * s.h + y) * s.w + x] = largest;
      }
    }
  }
  return result;
}

std::array<float, 3> zero_colour(const Graph& graph) {
  for (const Node& node : graph.nodes()) {
    const auto* normalise = std::get_if<op::Normalise>(&node.op);
    if (!normalise) continue;
    std::array<float, 3> colour{};
    for (std::size_t c = 0; c < 3; ++c) {
      const float mean = normalise->mean[normalise->reverse ? 2 - c : c];
      colour[c] = std::clamp(mean / normalise->scale, 0.0F, 1.0F);
    }
    return colour;
  }
  return {0, 0, 0};
}

}  // namespace phosphene
