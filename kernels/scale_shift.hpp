// BatchNorm at inference where it cannot be folded into a convolution:
//   y = a[c] x + b[c],  d_x = a[c] d_y
// x and y (d_y and d_x) may be one.
// Reads 1, writes 1 element.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
template <class T>
void scale_shift(const T* x, T* y, Maps maps, const float* a, const float* b);
template <class T>
void scale_shift_backward(const T* d_y, T* d_x, Maps maps, const float* a);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void scale_shift(Stream stream, const T* x, T* y, Maps maps, const float* a, const float* b);
template <class T>
void scale_shift_backward(Stream stream, const T* d_y, T* d_x, Maps maps, const float* a);
}  // namespace phosphene::kernels::cuda
