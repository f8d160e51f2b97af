// The maps of an image as one vector, numbered as nchw does, which is how the weights of a
// following linear layer count their inputs:
//   y[n, (c H + y) W + x] = x[n, y, x, c];  flatten_backward is the way back
// Moves each element once.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
template <class T>
void flatten(const T* x, T* y, Maps maps);
template <class T>
void flatten_backward(const T* d_y, T* d_x, Maps maps);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void flatten(Stream stream, const T* x, T* y, Maps maps);
template <class T>
void flatten_backward(Stream stream, const T* d_y, T* d_x, Maps maps);
}  // namespace phosphene::kernels::cuda
