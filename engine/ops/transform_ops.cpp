#include "engine/ops/transform_ops.hpp"

#include <cmath>
#include <utility>

#include "engine/ops/dispatch.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "kernels/blur.hpp"
#include "kernels/chambolle.hpp"
#include "kernels/colour_map.hpp"
#include "kernels/median.hpp"
#include "kernels/philox.hpp"
#include "kernels/quantise.hpp"
#include "kernels/warp.hpp"

namespace phosphene::ops {
namespace {

static_assert(kWarpNumbers == kernels::kWarpNumbers);
static_assert(kColourNumbers == kernels::kColourNumbers);

kernels::Maps maps_of(const Shape& s) { return {s.n, s.h, s.w, s.c}; }

}  // namespace

/// 96 bits of the words of (draw, stage), under a key that no other noise has.
Draw stage_draw(const Context& context, Draw draw, std::uint32_t stage) {
  constexpr std::uint64_t kStages = 0x9E3779B97F4A7C15U;  // the golden ratio's digits
  const auto image = static_cast<std::uint64_t>(draw.image);
  const kernels::PhiloxWords words =
      kernels::philox({{stage, draw.sample, static_cast<std::uint32_t>(image),
                        static_cast<std::uint32_t>(image >> 32)}},
                      context.seed() ^ kStages);
  const std::uint64_t mixed = words.v[0] | static_cast<std::uint64_t>(words.v[1]) << 32;
  return {static_cast<std::int64_t>(mixed), words.v[2]};
}

std::vector<Draw> stage_draws(const Context& context, std::span<const Draw> draws,
                              std::uint32_t stage) {
  std::vector<Draw> derived;
  for (const Draw& draw : draws) derived.push_back(stage_draw(context, draw, stage));
  return derived;
}

double DrawnNumbers::uniform(double low, double high) {
  const kernels::NoiseKey key{seed_, static_cast<std::uint64_t>(draw_.image), draw_.sample};
  return low + (high - low) * static_cast<double>(kernels::uniform_noise(key, next_++));
}

Matrix3 product(const Matrix3& a, const Matrix3& b) {
  Matrix3 c{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t k = 0; k < 3; ++k) c[3 * i + j] += a[3 * i + k] * b[3 * k + j];
    }
  }
  return c;
}

Matrix3 inverse(const Matrix3& m) {
  Matrix3 adjugate{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      const std::size_t r = (i + 1) % 3, s = (i + 2) % 3, c = (j + 1) % 3, d = (j + 2) % 3;
      adjugate[3 * j + i] = m[3 * r + c] * m[3 * s + d] - m[3 * r + d] * m[3 * s + c];
    }
  }
  const double determinant = m[0] * adjugate[0] + m[1] * adjugate[3] + m[2] * adjugate[6];
  for (double& v : adjugate) v /= determinant;
  return adjugate;
}

void write_warp_numbers(const Matrix3& from_result, float* numbers) {
  const Matrix3 back = inverse(from_result);
  for (std::size_t i = 0; i < 9; ++i) {
    numbers[i] = static_cast<float>(from_result[i]);
    numbers[9 + i] = static_cast<float>(back[i]);
  }
}

void warp(const Context& context, const Tensor& x, const Tensor& numbers, Tensor& y) {
  PHOSPHENE_CALL(context, warp, x.data(), numbers.data(), y.data(), maps_of(x.shape()));
}

void warp_backward(const Context& context, const Tensor& d_y, const Tensor& numbers, Tensor& d_x) {
  PHOSPHENE_CALL(context, warp_backward, d_y.data(), numbers.data(), d_x.data(),
                 maps_of(d_y.shape()));
}

void colour_map(const Context& context, const Tensor& x, const Tensor& numbers, Tensor& y) {
  PHOSPHENE_CALL(context, colour_map, x.data(), numbers.data(), y.data(), x.shape().n,
                 x.shape().pixels());
}

void colour_map_backward(const Context& context, const Tensor& x, const Tensor& numbers,
                         const Tensor& d_y, Tensor& d_x) {
  PHOSPHENE_CALL(context, colour_map_backward, x.data(), numbers.data(), d_y.data(), d_x.data(),
                 x.shape().n, x.shape().pixels());
}

int gaussian_radius(double sigma) { return static_cast<int>(4 * sigma + 0.5); }

void write_gaussian_weights(double sigma, int radius, float* weights) {
  const int own = gaussian_radius(sigma);
  const auto weight = [&](int k) { return k == 0 ? 1 : std::exp(-0.5 * k * k / (sigma * sigma)); };
  double sum = 1;
  for (int k = 1; k <= own; ++k) sum += 2 * weight(k);
  for (int k = 0; k <= radius; ++k) {
    weights[k] = k <= own ? static_cast<float>(weight(k) / sum) : 0.0F;
  }
}

void blur(const Context& context, const Tensor& x, const Tensor& weights, Tensor& scratch,
          Tensor& y) {
  const int radius = static_cast<int>(weights.shape().w) - 1;
  PHOSPHENE_CALL(context, blur, x.data(), weights.data(), radius, scratch.data(), y.data(),
                 maps_of(x.shape()));
}

void median(const Context& context, const Tensor& x, int size, Tensor& choice, Tensor& y) {
  const Shape& s = x.shape();
  PHOSPHENE_CALL(context, median, x.data(), size, choice.data<std::int32_t>(), y.data(), s.n * s.c,
                 s.h, s.w);
}

void median_backward(const Context& context, const Tensor& choice, const Tensor& d_y, int size,
                     Tensor& d_x) {
  const Shape& s = d_y.shape();
  PHOSPHENE_CALL(context, median_backward, choice.data<std::int32_t>(), d_y.data(), size,
                 d_x.data(), s.n * s.c, s.h, s.w);
}

void denoise(const Context& context, const Tensor& x, float weight, int steps, Tensor& field,
             Tensor& next_field, Tensor& y) {
  const Shape& s = x.shape();
  fill(context, field, 0);
  float *p = field.data(), *next = next_field.data();
  for (int step = 0; step < steps; ++step) {
    PHOSPHENE_CALL(context, chambolle_step, x.data(), p, weight, next, s.n * s.c, s.h, s.w);
    std::swap(p, next);
  }
  PHOSPHENE_CALL(context, chambolle_result, x.data(), p, weight, y.data(), s.n * s.c, s.h, s.w);
}

void quantise(const Context& context, const Tensor& x, float levels, Tensor& y) {
  PHOSPHENE_CALL(context, quantise, x.data(), levels, y.data(), x.count());
}

}  // namespace phosphene::ops
