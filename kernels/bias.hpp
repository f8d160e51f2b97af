// The epilogue of a convolution where the library has no fused plan:
//   y = y + bias[c] (+ z), then max(y, 0) if relu; in place. bias or z may be null.
// Reads y (and z) once, writes y once.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
template <class T>
void bias(T* y, const float* bias, const T* z, Maps maps, bool relu);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void bias(Stream stream, T* y, const float* bias, const T* z, Maps maps, bool relu);
}  // namespace phosphene::kernels::cuda
