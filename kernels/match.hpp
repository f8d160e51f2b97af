// A squared distance, its loss and its gradient in one pass:
//   loss[0] += s sum (x - target)^2,   d_x += 2 s (x - target)
// Used on feature maps (content) and, with T = float, on Gram matrices (style; several targets
// accumulate). `scratch` holds kReductionScratch floats. d_x may be null. Reads 3 and writes 1
// element each, or reads 2 without d_x.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
template <class T>
void match(const T* x, const T* target, float s, T* d_x, std::int64_t count, float* scratch,
           float* loss);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void match(Stream stream, const T* x, const T* target, float s, T* d_x, std::int64_t count,
           float* scratch, float* loss);
}  // namespace phosphene::kernels::cuda
