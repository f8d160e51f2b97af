// Intervals [low, high], one an element, as interval arithmetic moves them through a network: a
// middle and a radius where a layer multiplies, two ends where it is monotone. Every end is rounded
// outward, so that what is enclosed in real numbers stays enclosed in floats (interval_ends.hpp).
//   ball    low = max(x - eps, 0), high = min(x + eps, 1), eps of the image
//   middle  m = (low + high) / 2, r = a max(high - m, m - low) + b |m|
//   ends    (m, r) in place to (m - r, m + r); if `relu`, to the positive part of that
//   margins lower bounds of z_y - z_j, z = W x + bias, over x in [low, high], y the label of the
//           image:  m.(W_y - W_j) + bias_y - bias_j - s (r.|W_y - W_j| + g (|m| + r).(|W_y| +
//           |W_j|)
//           + g (|bias_y| + |bias_j|)), rounded down; 0 at j = y. W is [classes, features], low and
//           high [n, features], lower [n, classes]; 0 <= labels[i] < classes.
// What is NaN, infinite or beyond kIntervalLimit is unbounded: low = -inf, high = inf, and as a
// middle 0 with an infinite radius; a margin is then -inf.
// Each of the first three reads 2 and writes 2 elements (ball reads 1); margins reads W once an
// image.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
void interval_ball(const float* x, const float* eps, float* low, float* high, std::int64_t images,
                   std::int64_t each);
void interval_middle(const float* low, const float* high, float* m, float* r, float a, float b,
                     std::int64_t count);
void interval_ends(float* m_low, float* r_high, bool relu, std::int64_t count);
void interval_margins(const float* low, const float* high, const float* w, const float* bias,
                      const std::int32_t* labels, float* lower, std::int64_t n,
                      std::int64_t classes, std::int64_t features, float s, float g);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void interval_ball(Stream stream, const float* x, const float* eps, float* low, float* high,
                   std::int64_t images, std::int64_t each);
void interval_middle(Stream stream, const float* low, const float* high, float* m, float* r,
                     float a, float b, std::int64_t count);
void interval_ends(Stream stream, float* m_low, float* r_high, bool relu, std::int64_t count);
void interval_margins(Stream stream, const float* low, const float* high, const float* w,
                      const float* bias, const std::int32_t* labels, float* lower, std::int64_t n,
                      std::int64_t classes, std::int64_t features, float s, float g);
}  // namespace phosphene::kernels::cuda
