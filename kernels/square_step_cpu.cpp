#include "kernels/square_step.hpp"

#include "kernels/cpu.hpp"
#include "kernels/square_point.hpp"

namespace phosphene::kernels::cpu {
namespace {

/// f(row, col, element) over a plane.
template <class F>
void for_each_pixel(const SquarePlanes& p, F f) {
  for (std::int64_t row = 0; row < p.h; ++row) {
    for (std::int64_t col = 0; col < p.w; ++col) f(row, col, row * p.w + col);
  }
}

float squares_between(const float* x, const float* x0, std::int64_t count) {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const double d = static_cast<double>(x[i]) - x0[i];
    sum += d * d;
  }
  return static_cast<float>(sum);
}

/// The new d of one channel in y; returns its sum of squares.
double move_channel(const float* x, const float* x0, const SquareMove& m, float sign,
                    const float* bumps, float epsilon, float whole, const SquarePlanes& p,
                    float* y) {
  double first = 0, windows = 0;
  for_each_pixel(p, [&](std::int64_t row, std::int64_t col, std::int64_t i) {
    const double d = x[i] - x0[i];
    if (in_first(m, row, col)) first += d * d;
    if (in_first(m, row, col) || in_second(m, row, col)) windows += d * d;
  });
  const float over = inverse_length(static_cast<float>(first));
  double bumped = 0;
  for_each_pixel(p, [&](std::int64_t row, std::int64_t col, std::int64_t i) {
    const float d = x[i] - x0[i];
    y[i] = in_first(m, row, col)    ? square_bumped(m, bumps, row, col, sign, d, over)
           : in_second(m, row, col) ? 0.0F
                                    : d;
    if (in_first(m, row, col)) bumped += static_cast<double>(y[i]) * y[i];
  });
  const float scale =
      square_scale(epsilon, whole, static_cast<float>(windows), static_cast<float>(bumped), p.c);
  double sum = 0;
  for_each_pixel(p, [&](std::int64_t row, std::int64_t col, std::int64_t i) {
    if (in_first(m, row, col)) y[i] *= scale;
    sum += static_cast<double>(y[i]) * y[i];
  });
  return sum;
}

}  // namespace

void square_step_linf(const float* x, const float* x0, const float* epsilon,
                      const SquareMove* moves, SquarePlanes planes, float* y) {
  const std::int64_t pixels = planes.h * planes.w;
#pragma omp parallel for if (planes.images * planes.c * pixels > kParallelFrom)
  for (std::int64_t plane = 0; plane < planes.images * planes.c; ++plane) {
    const std::int64_t n = plane / planes.c, at = plane * pixels;
    const float sign = square_sign(moves[n], plane % planes.c);
    for_each_pixel(planes, [&](std::int64_t row, std::int64_t col, std::int64_t i) {
      y[at + i] = in_first(moves[n], row, col)
                      ? square_linf(x[at + i], x0[at + i], epsilon[n], sign)
                      : x[at + i];
    });
  }
}

void square_step_l2(const float* x, const float* x0, const float* epsilon, const SquareMove* moves,
                    const float* bumps, SquarePlanes planes, float* y) {
  const std::int64_t pixels = planes.h * planes.w, size = planes.c * pixels;
#pragma omp parallel for if (planes.images * size > kParallelFrom)
  for (std::int64_t n = 0; n < planes.images; ++n) {
    const std::int64_t from = n * size;
    const float whole = squares_between(x + from, x0 + from, size);
    double sum = 0;
    for (std::int64_t c = 0; c < planes.c; ++c) {
      const std::int64_t at = from + c * pixels;
      sum += move_channel(x + at, x0 + at, moves[n], square_sign(moves[n], c), bumps, epsilon[n],
                          whole, planes, y + at);
    }
    const float factor = epsilon[n] * inverse_length(static_cast<float>(sum));
    for (std::int64_t i = from; i < from + size; ++i) y[i] = in_unit(x0[i] + factor * y[i]);
  }
}

}  // namespace phosphene::kernels::cpu
