// nchw float, as users hold images, to nhwc T, as activations lie, and back. Moves each element
// once.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
template <class T>
void to_nhwc(const float* x, T* y, Maps maps);
template <class T>
void to_nchw(const T* x, float* y, Maps maps);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void to_nhwc(Stream stream, const float* x, T* y, Maps maps);
template <class T>
void to_nchw(Stream stream, const T* x, float* y, Maps maps);
}  // namespace phosphene::kernels::cuda
