// Rounds to `levels` + 1 evenly spaced values: y[i] = rint(clamp(x[i], 0, 1) levels) / levels, ties
// to the even level, i < count. A NaN stays. Reads 1, writes 1 float an element; y may be x.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
void quantise(const float* x, float levels, float* y, std::int64_t count);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void quantise(Stream stream, const float* x, float levels, float* y, std::int64_t count);
}  // namespace phosphene::kernels::cuda
