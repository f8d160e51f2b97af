#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "engine/methods/gaussian.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"
#include "phosphene/methods/evaluate.hpp"

namespace phosphene {
namespace {

// A permutation of the pixels' numbers, as good as random: it breaks ties.
std::uint64_t shuffled(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

std::vector<std::int64_t> from_largest(const Tensor& map) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(map.count()));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const float* values = map.data();
  std::sort(order.begin(), order.end(), [&](std::int64_t i, std::int64_t j) {
    if (values[i] != values[j]) return values[i] > values[j];
    return shuffled(static_cast<std::uint64_t>(i)) < shuffled(static_cast<std::uint64_t>(j));
  });
  return order;
}

// Picture k of the result is `from` with the first k steps of pixels as in `to`.
Tensor crossing(const Tensor& from, const Tensor& to, const std::vector<std::int64_t>& order,
                std::int64_t step) {
  const Shape s = from.shape();
  const std::int64_t steps = (s.pixels() + step - 1) / step, size = s.c * s.pixels();
  Tensor pictures = Tensor::host({steps + 1, s.c, s.h, s.w});
  std::copy_n(from.data(), size, pictures.data());
  for (std::int64_t k = 0; k < steps; ++k) {
    float* next = pictures.data() + (k + 1) * size;
    std::copy_n(next - size, size, next);
    for (std::int64_t i = k * step; i < std::min((k + 1) * step, s.pixels()); ++i) {
      const std::int64_t pixel = order[static_cast<std::size_t>(i)];
      for (std::int64_t c = 0; c < s.c; ++c) {
        next[c * s.pixels() + pixel] = to.data()[c * s.pixels() + pixel];
      }
    }
  }
  return pictures;
}

double area_under(const std::vector<double>& curve) {
  const double sum = std::accumulate(curve.begin(), curve.end(), 0.0);
  return (sum - (curve.front() + curve.back()) / 2) / static_cast<double>(curve.size() - 1);
}

}  // namespace

Tensor probabilities(const Context& context, const Classifier& classifier, const Tensor& images) {
  Tensor result = ops::to_host(context, classifier(ops::to_device(context, images)));
  const std::int64_t classes = result.shape().c;
  for (std::int64_t n = 0; n < result.shape().n; ++n) {
    float* p = result.data() + n * classes;
    const double largest = *std::max_element(p, p + classes);
    double sum = 0;
    for (std::int64_t c = 0; c < classes; ++c) sum += std::exp(p[c] - largest);
    for (std::int64_t c = 0; c < classes; ++c) {
      p[c] = static_cast<float>(std::exp(p[c] - largest) / sum);
    }
  }
  return result;
}

CausalScores insertion_deletion(const Context& context, const Classifier& classifier,
                                const Tensor& image, const Tensor& map, std::int64_t target,
                                const CausalOptions& options) {
  const Shape s = image.shape();
  if (map.shape() != Shape{1, 1, s.h, s.w} || s.n != 1 || s.c != 3) {
    throw Error("image of " + to_string(s) + " and map of " + to_string(map.shape()) +
                ": expected 1x3xHxW and 1x1xHxW");
  }
  if (options.step < 1) {
    throw UsageError("--step " + std::to_string(options.step) + ": expected at least 1 pixel");
  }
  if (!(options.blur_sigma > 0)) {
    throw UsageError("--blur " + std::to_string(options.blur_sigma) + ": expected a number > 0");
  }
  Tensor hidden = Tensor::host(s);
  for (std::int64_t c = 0; c < s.c; ++c) {
    std::fill_n(hidden.data() + c * s.pixels(), s.pixels(),
                options.hidden[static_cast<std::size_t>(c)]);
  }
  const std::vector<std::int64_t> order = from_largest(map);
  const auto curve = [&](const Tensor& from, const Tensor& to) {
    const Tensor p = probabilities(context, classifier, crossing(from, to, order, options.step));
    const std::int64_t classes = p.shape().c;
    if (target < 0 || target >= classes) {
      throw UsageError("class " + std::to_string(target) + ": the network has classes 0 to " +
                       std::to_string(classes - 1));
    }
    std::vector<double> values;
    for (std::int64_t k = 0; k < p.shape().n; ++k) {
      values.push_back(static_cast<double>(p.data()[k * classes + target]));
    }
    return values;
  };
  CausalScores scores;
  scores.deletion_curve = curve(image, hidden);
  scores.insertion_curve = curve(gaussian_blur(image, options.blur_sigma), image);
  scores.deletion = area_under(scores.deletion_curve);
  scores.insertion = area_under(scores.insertion_curve);
  return scores;
}

}  // namespace phosphene
