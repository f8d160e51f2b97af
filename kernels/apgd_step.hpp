// One step of Auto-PGD (Croce and Hein 2020) for a batch of images, each with its own step size s,
// radius eps and inertia a (1 in the first step, then .75), fused:
//   z = project(x + s u),  x_new = project(x + a (z - x) + (1 - a) (x - old)),  old = x, x = x_new
// L-infinity: u = sign(g) (0 where g is 0 or NaN), project(v) = clamp(clamp(v, x0 - eps, x0 + eps),
// 0, 1). L2: u = g / |g| (0 where |g| is 0 or NaN), project(v) = clamp(x0 + d min(|d|, eps) / |d|,
// 0, 1) with d = v - x0. Both lengths have 1e-12 added, as the original's. A NaN in x stays.
// `size` elements an image. Reads 4, writes 2 floats an element; in L2 it reads them four times,
// and the sums' order is fixed by `size`.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {

/// One number an image each.
struct ApgdNumbers {
  const float* step;
  const float* epsilon;
  const float* inertia;
};

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void apgd_step_linf(float* x, float* old, const float* x0, const float* g, ApgdNumbers numbers,
                    std::int64_t images, std::int64_t size);
void apgd_step_l2(float* x, float* old, const float* x0, const float* g, ApgdNumbers numbers,
                  std::int64_t images, std::int64_t size);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void apgd_step_linf(Stream stream, float* x, float* old, const float* x0, const float* g,
                    ApgdNumbers numbers, std::int64_t images, std::int64_t size);
void apgd_step_l2(Stream stream, float* x, float* old, const float* x0, const float* g,
                  ApgdNumbers numbers, std::int64_t images, std::int64_t size);
}  // namespace phosphene::kernels::cuda
