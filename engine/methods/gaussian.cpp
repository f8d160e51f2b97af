#include "engine/methods/gaussian.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace phosphene {
namespace {

/// exp(-i^2 / (2 sigma^2)) for i = 0 .. reach
std::vector<double> weights_of(float sigma) {
  const double s = sigma;
  std::vector<double> weights;
  for (int i = 0; i <= static_cast<int>(std::ceil(3 * s)); ++i) {
    weights.push_back(std::exp(-i * i / (2 * s * s)));
  }
  return weights;
}

/// Along one axis of `extent` elements, `step` apart, for each of the lines that `lines` are apart.
void blur_lines(const float* x, float* y, std::int64_t extent, std::int64_t step,
                std::int64_t count, std::int64_t lines, const std::vector<double>& weights) {
  const auto reach = static_cast<std::int64_t>(weights.size()) - 1;
  for (std::int64_t i = 0; i < extent; ++i) {
    const std::int64_t first = std::max<std::int64_t>(i - reach, 0);
    const std::int64_t last = std::min(i + reach, extent - 1);
    for (std::int64_t line = 0; line < count; ++line) {
      double sum = 0, total = 0;
      for (std::int64_t j = first; j <= last; ++j) {
        const double weight = weights[static_cast<std::size_t>(std::abs(i - j))];
        sum += weight * static_cast<double>(x[line * lines + j * step]);
        total += weight;
      }
      y[line * lines + i * step] = static_cast<float>(sum / total);
    }
  }
}

}  // namespace

Tensor gaussian_blur(const Tensor& image, float sigma) {
  const Shape& s = image.shape();
  const std::vector<double> weights = weights_of(sigma);
  Tensor rows = Tensor::host(s), result = Tensor::host(s);
  for (std::int64_t plane = 0; plane < s.n * s.c; ++plane) {
    const std::int64_t at = plane * s.pixels();
    blur_lines(image.data() + at, rows.data() + at, s.w, 1, s.h, s.w, weights);
    blur_lines(rows.data() + at, result.data() + at, s.h, s.w, s.w, 1, weights);
  }
  return result;
}

}  // namespace phosphene
