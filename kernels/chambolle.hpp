// Total-variation denoising of nchw float planes, argmin over u of |u - x|^2 / 2 + weight TV(u)
// with isotropic forward differences, by Chambolle's dual projection (2004, "An algorithm for total
// variation minimization and applications"). Of the dual field p = (p1, p2), 0 at the start:
//   q = div p - x / weight
//   p <- (p + grad q / 4) / (1 + |grad q| / 4)           (chambolle_step, from one field to
//   another) u = x - weight div p                                  (chambolle_result)
// grad is 0 past the last row and column, div its negative adjoint. A field is the plane of p1,
// then that of p2, for each plane of x. A step reads x and p, and writes p: about 5 floats a pixel.
#pragma once
#include <cmath>

#include "kernels/common.hpp"

namespace phosphene::kernels {

/// div p at (i, j); p is the plane's field, which is 0 where a gradient would leave the plane.
PHOSPHENE_HOST_DEVICE inline float chambolle_divergence(const float* p, std::int64_t h,
                                                        std::int64_t w, std::int64_t i,
                                                        std::int64_t j) {
  const std::int64_t at = i * w + j;
  const float *down = p, *right = p + h * w;
  float sum = down[at] + right[at];
  if (i > 0) sum -= down[at - w];
  if (j > 0) sum -= right[at - 1];
  return sum;
}

/// The field after a step, at (i, j): p1 and p2.
PHOSPHENE_HOST_DEVICE inline void chambolle_update(const float* x, const float* p,
                                                   float inverse_weight, std::int64_t h,
                                                   std::int64_t w, std::int64_t i, std::int64_t j,
                                                   float* p1, float* p2) {
  const std::int64_t at = i * w + j;
  const auto q = [&](std::int64_t a, std::int64_t b) {
    return chambolle_divergence(p, h, w, a, b) - x[a * w + b] * inverse_weight;
  };
  const float here = q(i, j);
  const float down = i + 1 < h ? q(i + 1, j) - here : 0;
  const float right = j + 1 < w ? q(i, j + 1) - here : 0;
  const float divisor = 1 + 0.25F * std::sqrt(down * down + right * right);
  *p1 = (p[at] + 0.25F * down) / divisor;
  *p2 = (p[h * w + at] + 0.25F * right) / divisor;
}

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void chambolle_step(const float* x, const float* p, float weight, float* next, std::int64_t planes,
                    std::int64_t h, std::int64_t w);
void chambolle_result(const float* x, const float* p, float weight, float* u, std::int64_t planes,
                      std::int64_t h, std::int64_t w);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void chambolle_step(Stream stream, const float* x, const float* p, float weight, float* next,
                    std::int64_t planes, std::int64_t h, std::int64_t w);
void chambolle_result(Stream stream, const float* x, const float* p, float weight, float* u,
                      std::int64_t planes, std::int64_t h, std::int64_t w);
}  // namespace phosphene::kernels::cuda
