// From pixels to what the network was trained on, and from planes to interleaved channels:
//   y[n, p, c] = (scale x[n, s(c), p] - mean[c]) / std[c],  s(c) = reverse ? C - 1 - c : c
// x is nchw float, y nhwc T; mean and std are device arrays of C floats.
//   backward: d_x[n, s(c), p] = d_y[n, p, c] scale / std[c]
// Moves x once and y once.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
template <class T>
void normalise(const float* x, T* y, Maps maps, const float* mean, const float* std, float scale,
               bool reverse);
template <class T>
void normalise_backward(const T* d_y, float* d_x, Maps maps, const float* std, float scale,
                        bool reverse);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void normalise(Stream stream, const float* x, T* y, Maps maps, const float* mean, const float* std,
               float scale, bool reverse);
template <class T>
void normalise_backward(Stream stream, const T* d_y, float* d_x, Maps maps, const float* std,
                        float scale, bool reverse);
}  // namespace phosphene::kernels::cuda
