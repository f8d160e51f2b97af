// Sums of whole arrays, left on the device: result[0] is one float, never read by the host here.
//   dot      sum x y
//   abs_sum  sum |x|
// Both read every element once. `scratch` holds kReductionScratch floats. The order of the sum
// is fixed by `count` (on a GPU also by whether x and y are aligned to 16 bytes), so it repeats bit
// for bit; its error is that of a pairwise sum.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
void dot(const float* x, const float* y, std::int64_t count, float* scratch, float* result);
void abs_sum(const float* x, std::int64_t count, float* scratch, float* result);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void dot(Stream stream, const float* x, const float* y, std::int64_t count, float* scratch,
         float* result);
void abs_sum(Stream stream, const float* x, std::int64_t count, float* scratch, float* result);
}  // namespace phosphene::kernels::cuda
