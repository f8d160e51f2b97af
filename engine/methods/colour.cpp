#include "engine/methods/colour.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace phosphene {
namespace {

using Vec = std::array<double, 3>;
using Mat = std::array<Vec, 3>;

/// Mean and lower Cholesky factor of the covariance of the pixels.
struct Statistics {
  Vec mean{};
  Mat factor{};
};

Vec pixel(const Tensor& image, std::int64_t p) {
  const std::int64_t m = image.shape().pixels();
  return {image.data()[p], image.data()[m + p], image.data()[2 * m + p]};
}

Statistics statistics(const Tensor& image) {
  const std::int64_t m = image.shape().pixels();
  Statistics s;
  for (std::int64_t p = 0; p < m; ++p) {
    for (std::size_t c = 0; c < 3; ++c) s.mean[c] += pixel(image, p)[c] / static_cast<double>(m);
  }
  Mat cov{};
  for (std::int64_t p = 0; p < m; ++p) {
    const Vec x = pixel(image, p);
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j <= i; ++j) {
        cov[i][j] += (x[i] - s.mean[i]) * (x[j] - s.mean[j]) / static_cast<double>(m);
      }
    }
  }
  // One grey level of an 8-bit image: keeps the factor of a flat or grey image invertible.
  constexpr double kFloor = 1.0 / (255.0 * 255.0);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = cov[i][j] + (i == j ? kFloor : 0);
      for (std::size_t k = 0; k < j; ++k) sum -= s.factor[i][k] * s.factor[j][k];
      s.factor[i][j] = i == j ? std::sqrt(std::max(sum, kFloor)) : sum / s.factor[j][j];
    }
  }
  return s;
}

/// Solves L z = x for lower triangular L.
Vec solve(const Mat& l, const Vec& x) {
  Vec z{};
  for (std::size_t i = 0; i < 3; ++i) {
    double sum = x[i];
    for (std::size_t k = 0; k < i; ++k) sum -= l[i][k] * z[k];
    z[i] = sum / l[i][i];
  }
  return z;
}

}  // namespace

Tensor with_colours_of(const Tensor& painted, const Tensor& content) {
  // Rec. 601 luma. YIQ is linear, so taking Y from one and IQ from the other adds the difference of
  // the lumas to every channel.
  constexpr Vec kLuma{0.299, 0.587, 0.114};
  const std::int64_t m = content.shape().pixels();
  Tensor result = Tensor::host(content.shape());
  for (std::int64_t p = 0; p < m; ++p) {
    const Vec from = pixel(painted, p), to = pixel(content, p);
    double d = 0;
    for (std::size_t c = 0; c < 3; ++c) d += kLuma[c] * (from[c] - to[c]);
    for (std::size_t c = 0; c < 3; ++c) {
      result.data()[static_cast<std::int64_t>(c) * m + p] =
          static_cast<float>(std::clamp(to[c] + d, 0.0, 1.0));
    }
  }
  return result;
}

Tensor match_colours(const Tensor& style, const Tensor& content) {
  const Statistics from = statistics(style), to = statistics(content);
  const std::int64_t m = style.shape().pixels();
  Tensor result = Tensor::host(style.shape());
  for (std::int64_t p = 0; p < m; ++p) {
    Vec x = pixel(style, p);
    for (std::size_t c = 0; c < 3; ++c) x[c] -= from.mean[c];
    const Vec z = solve(from.factor, x);
    for (std::size_t i = 0; i < 3; ++i) {
      double y = to.mean[i];
      for (std::size_t k = 0; k <= i; ++k) y += to.factor[i][k] * z[k];
      result.data()[static_cast<std::int64_t>(i) * m + p] =
          static_cast<float>(std::clamp(y, 0.0, 1.0));
    }
  }
  return result;
}

}  // namespace phosphene
