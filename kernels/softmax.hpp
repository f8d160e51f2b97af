// Over the channels of every pixel, by the largest first: y[c] = e^(x[c] - m) / sum e^(x - m).
//   d_x[c] = y[c] (d_y[c] - sum over c' of d_y[c'] y[c'])
// Moves x and y once; back d_y, y and d_x: further passes find them in cache.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
template <class T>
void softmax(const T* x, T* y, Maps maps);
template <class T>
void softmax_backward(const T* d_y, const T* y, T* d_x, Maps maps);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void softmax(Stream stream, const T* x, T* y, Maps maps);
template <class T>
void softmax_backward(Stream stream, const T* d_y, const T* y, T* d_x, Maps maps);
}  // namespace phosphene::kernels::cuda
