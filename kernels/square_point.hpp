// What both versions of kernels/square_step.hpp do with one element.
#pragma once
#include <cmath>

#include "kernels/square_step.hpp"

namespace phosphene::kernels {

PHOSPHENE_HOST_DEVICE inline float square_sign(const SquareMove& move, std::int64_t channel) {
  return (move.signs >> channel & 1U) != 0 ? 1.0F : -1.0F;
}
PHOSPHENE_HOST_DEVICE inline bool in_square(std::int64_t row, std::int64_t col, std::int32_t top,
                                            std::int32_t left, std::int32_t side) {
  return row >= top && row < top + side && col >= left && col < left + side;
}
PHOSPHENE_HOST_DEVICE inline bool in_first(const SquareMove& m, std::int64_t row,
                                           std::int64_t col) {
  return in_square(row, col, m.top, m.left, m.side);
}
PHOSPHENE_HOST_DEVICE inline bool in_second(const SquareMove& m, std::int64_t row,
                                            std::int64_t col) {
  return in_square(row, col, m.top_two, m.left_two, m.side);
}
PHOSPHENE_HOST_DEVICE inline float in_unit(float v) { return v < 0 ? 0.0F : v > 1 ? 1.0F : v; }

PHOSPHENE_HOST_DEVICE inline float square_linf(float x, float x0, float epsilon, float sign) {
  const float v = x + 2.0F * epsilon * sign;
  const float low = x0 - epsilon, high = x0 + epsilon;
  return in_unit(v < low ? low : v > high ? high : v);
}

/// Element (row, col) of W in v_c before it is scaled; `d` is that of d_c, `over` 1 / |d_c|.
PHOSPHENE_HOST_DEVICE inline float square_bumped(const SquareMove& m, const float* bumps,
                                                 std::int64_t row, std::int64_t col, float sign,
                                                 float d, float over) {
  const std::int64_t r = row - m.top, s = col - m.left;
  const std::int64_t at = m.transposed != 0 ? s * m.side + r : r * m.side + s;
  return sign * bumps[m.bump + at] + d * over;
}

PHOSPHENE_HOST_DEVICE inline float inverse_length(float squares) {
  return 1.0F / (sqrtf(squares) + 1e-12F);
}

/// What v_c is scaled by: of |d|^2, |d_c in W or V|^2 and |v_c|^2.
PHOSPHENE_HOST_DEVICE inline float square_scale(float epsilon, float whole, float windows,
                                                float bumped, std::int64_t channels) {
  const float left = epsilon * epsilon - whole;
  return sqrtf((left > 0 ? left : 0.0F) / static_cast<float>(channels) + windows) *
         inverse_length(bumped);
}

}  // namespace phosphene::kernels
