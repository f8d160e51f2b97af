// The activations that have a slope below zero; both derivatives are read off the output.
//   leaky_relu  y = x > 0 ? x : slope x          d_x = d_y (y > 0 ? 1 : slope),     slope > 0
//   elu         y = x > 0 ? x : alpha (e^x - 1)  d_x = d_y (y > 0 ? 1 : y + alpha), alpha > 0
// x and y (d_y and d_x) may be one. Forward reads 1 and writes 1 element, backward reads 2,
// writes 1.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
template <class T>
void leaky_relu(const T* x, T* y, std::int64_t count, float slope);
template <class T>
void leaky_relu_backward(const T* d_y, const T* y, T* d_x, std::int64_t count, float slope);
template <class T>
void elu(const T* x, T* y, std::int64_t count, float alpha);
template <class T>
void elu_backward(const T* d_y, const T* y, T* d_x, std::int64_t count, float alpha);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void leaky_relu(Stream stream, const T* x, T* y, std::int64_t count, float slope);
template <class T>
void leaky_relu_backward(Stream stream, const T* d_y, const T* y, T* d_x, std::int64_t count,
                         float slope);
template <class T>
void elu(Stream stream, const T* x, T* y, std::int64_t count, float alpha);
template <class T>
void elu_backward(Stream stream, const T* d_y, const T* y, T* d_x, std::int64_t count, float alpha);
}  // namespace phosphene::kernels::cuda
