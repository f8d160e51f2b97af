// Total variation of an nchw float image (chapter, 21.9), with forward differences
//   u = x[i, j + 1] - x[i, j],  v = x[i + 1, j] - x[i, j]   (0 past the border)
//   loss[0] += weight  sum (u^2 + v^2)^(beta / 2),   d_x += its gradient
// A pixel where u = v = 0 sends no gradient, also where beta < 2 leaves its power without a slope.
// NaN and infinities reach the terms that they stand in, and no others.
// `scratch` holds kReductionScratch floats. Reads x and d_x and writes d_x once each (neighbours
// come out of the cache).
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
void total_variation(const float* x, std::int64_t planes, std::int64_t h, std::int64_t w,
                     float weight, float beta, float* d_x, float* scratch, float* loss);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void total_variation(Stream stream, const float* x, std::int64_t planes, std::int64_t h,
                     std::int64_t w, float weight, float beta, float* d_x, float* scratch,
                     float* loss);
}  // namespace phosphene::kernels::cuda
