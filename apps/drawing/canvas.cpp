#include "canvas.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "font.hpp"

namespace apps {
namespace {

using phosphene::Shape;
using phosphene::Tensor;

double distance(Point p, Point a, Point b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double length = dx * dx + dy * dy;
  const double along =
      length > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0.0, 1.0) : 0;
  return std::hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

/// The pieces of a dashed line.
std::vector<std::pair<Point, Point>> pieces(std::span<const Point> points, double dash) {
  std::vector<std::pair<Point, Point>> result;
  double done = 0;
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    const Point a = points[i], b = points[i + 1];
    const double length = std::hypot(b.x - a.x, b.y - a.y);
    if (dash <= 0 || length == 0) {
      result.emplace_back(a, b);
      continue;
    }
    const auto at = [&](double along) {
      return Point{a.x + (b.x - a.x) * along / length, a.y + (b.y - a.y) * along / length};
    };
    for (double from = 0; from < length;) {
      const double phase = std::fmod(done + from, 2 * dash);
      const bool on = phase < dash;
      const double to = std::min(length, from + std::max(1e-6, (on ? dash : 2 * dash) - phase));
      if (on) result.emplace_back(at(from), at(to));
      from = to;
    }
    done += length;
  }
  return result;
}

double height_at(std::span<const Point> line, double x) {
  std::size_t i = 1;
  while (i + 1 < line.size() && line[i].x < x) ++i;
  const Point a = line[i - 1], b = line[i];
  const double along = b.x > a.x ? std::clamp((x - a.x) / (b.x - a.x), 0.0, 1.0) : 1;
  return a.y + along * (b.y - a.y);
}

/// The length that [a, b] shares with the pixel [k, k+1].
double shared(double a, double b, std::int64_t k) {
  const auto low = static_cast<double>(k);
  return std::max(0.0, std::min(b, low + 1) - std::max(a, low));
}

}  // namespace

Colour series_colour(std::size_t i) {
  constexpr std::array<Colour, 7> kColours{{{0, 0.447F, 0.698F},
                                            {0.835F, 0.369F, 0},
                                            {0, 0.620F, 0.451F},
                                            {0.800F, 0.475F, 0.655F},
                                            {0.902F, 0.624F, 0},
                                            {0.337F, 0.706F, 0.914F},
                                            {0.25F, 0.25F, 0.25F}}};
  return kColours[i % kColours.size()];
}

Canvas::Canvas(std::int64_t width, std::int64_t height, Colour background)
    : picture_(Tensor::host({1, 3, height, width})), width_(width), height_(height) {
  const std::array<float, 3> values{background.red, background.green, background.blue};
  for (std::int64_t c = 0; c < 3; ++c) {
    std::fill_n(picture_.data() + c * width * height, width * height,
                values[static_cast<std::size_t>(c)]);
  }
}

void Canvas::blend(std::int64_t x, std::int64_t y, Colour colour, float opacity) {
  if (x < 0 || y < 0 || x >= width_ || y >= height_ || opacity <= 0) return;
  const std::int64_t plane = width_ * height_;
  float* pixel = picture_.data() + y * width_ + x;
  pixel[0] += opacity * (colour.red - pixel[0]);
  pixel[plane] += opacity * (colour.green - pixel[plane]);
  pixel[2 * plane] += opacity * (colour.blue - pixel[2 * plane]);
}

void Canvas::fill(double x, double y, double width, double height, Colour colour, float opacity) {
  for (auto row = static_cast<std::int64_t>(std::floor(y)); row < std::ceil(y + height); ++row) {
    for (auto column = static_cast<std::int64_t>(std::floor(x)); column < std::ceil(x + width);
         ++column) {
      const double covered = shared(x, x + width, column) * shared(y, y + height, row);
      blend(column, row, colour, opacity * static_cast<float>(covered));
    }
  }
}

void Canvas::line(std::span<const Point> points, double width, Colour colour, double dash) {
  const auto all = pieces(points, dash);
  if (all.empty()) return;
  // The greatest coverage of all pieces, blended once: where two meet the line is no darker.
  std::vector<float> coverage(static_cast<std::size_t>(width_ * height_));
  for (const auto& [a, b] : all) {
    const double reach = width / 2 + 1;
    const auto from = [](double v) { return std::max<std::int64_t>(0, std::llround(v)); };
    const std::int64_t right = std::min(width_, from(std::max(a.x, b.x) + reach) + 1);
    const std::int64_t bottom = std::min(height_, from(std::max(a.y, b.y) + reach) + 1);
    for (std::int64_t y = from(std::min(a.y, b.y) - reach); y < bottom; ++y) {
      for (std::int64_t x = from(std::min(a.x, b.x) - reach); x < right; ++x) {
        const Point centre{static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5};
        float& most = coverage[static_cast<std::size_t>(y * width_ + x)];
        const double covered = std::clamp(width / 2 + 0.5 - distance(centre, a, b), 0.0, 1.0);
        most = std::max(most, static_cast<float>(covered));
      }
    }
  }
  for (std::int64_t i = 0; i < width_ * height_; ++i) {
    blend(i % width_, i / width_, colour, coverage[static_cast<std::size_t>(i)]);
  }
}

void Canvas::band(std::span<const Point> upper, std::span<const Point> lower, Colour colour,
                  float opacity) {
  if (upper.size() < 2 || lower.size() < 2) return;
  const double left = upper.front().x, right = upper.back().x;
  for (auto x = static_cast<std::int64_t>(std::floor(left)); x < std::ceil(right); ++x) {
    const double middle = std::clamp(static_cast<double>(x) + 0.5, left, right);
    const double top = height_at(upper, middle), bottom = height_at(lower, middle);
    fill(std::max(left, static_cast<double>(x)), top,
         std::min(right, static_cast<double>(x) + 1) - std::max(left, static_cast<double>(x)),
         bottom - top, colour, opacity);
  }
}

void Canvas::marker(Marker shape, Point centre, double radius, Colour colour) {
  constexpr int kParts = 4;  // each way, of a pixel
  const auto inside = [&](double x, double y) {
    switch (shape) {
      case Marker::disc:
        return std::hypot(x, y) <= radius;
      case Marker::square:
        return std::max(std::abs(x), std::abs(y)) <= 0.87 * radius;
      case Marker::diamond:
        return std::abs(x) + std::abs(y) <= 1.25 * radius;
      case Marker::triangle:
        return y <= 0.75 * radius && std::abs(x) * std::numbers::sqrt3 <= y + 1.5 * radius;
    }
    return false;
  };
  const double reach = 1.5 * radius + 1;
  for (auto y = std::llround(centre.y - reach); y <= std::llround(centre.y + reach); ++y) {
    for (auto x = std::llround(centre.x - reach); x <= std::llround(centre.x + reach); ++x) {
      int hits = 0;
      for (int i = 0; i < kParts * kParts; ++i) {
        const double u = static_cast<double>(x) + (i % kParts + 0.5) / kParts - centre.x;
        const double v = static_cast<double>(y) + (i / kParts + 0.5) / kParts - centre.y;
        hits += inside(u, v) ? 1 : 0;
      }
      blend(x, y, colour, static_cast<float>(hits) / (kParts * kParts));
    }
  }
}

void Canvas::image(const Tensor& picture, std::int64_t x, std::int64_t y, std::int64_t width,
                   std::int64_t height) {
  const Shape& s = picture.shape();
  for (std::int64_t row = 0; row < height; ++row) {
    for (std::int64_t column = 0; column < width; ++column) {
      const double scale_y = static_cast<double>(s.h) / static_cast<double>(height);
      const double scale_x = static_cast<double>(s.w) / static_cast<double>(width);
      const double top = static_cast<double>(row) * scale_y, bottom = top + scale_y;
      const double left = static_cast<double>(column) * scale_x, right = left + scale_x;
      std::array<double, 3> sum{};
      for (auto v = static_cast<std::int64_t>(top);
           v < std::min<double>(bottom, static_cast<double>(s.h)); ++v) {
        for (auto u = static_cast<std::int64_t>(left);
             u < std::min<double>(right, static_cast<double>(s.w)); ++u) {
          const double share = shared(top, bottom, v) * shared(left, right, u);
          for (std::int64_t c = 0; c < 3; ++c) {
            sum[static_cast<std::size_t>(c)] +=
                share * static_cast<double>(picture.data()[((c % s.c) * s.h + v) * s.w + u]);
          }
        }
      }
      const double area = scale_y * scale_x;
      blend(x + column, y + row,
            {static_cast<float>(sum[0] / area), static_cast<float>(sum[1] / area),
             static_cast<float>(sum[2] / area)},
            1);
    }
  }
}

}  // namespace apps
