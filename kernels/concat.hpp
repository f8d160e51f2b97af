// One input of a concatenation: x, of `maps` with c channels, is channels [at, at + c) of y, which
// has y_channels. concat_backward is the way back: d_x = that slice of d_y.
// Moves x once, and its slice of y once.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
template <class T>
void concat(const T* x, T* y, Maps maps, std::int64_t y_channels, std::int64_t at);
template <class T>
void concat_backward(const T* d_y, T* d_x, Maps maps, std::int64_t y_channels, std::int64_t at);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void concat(Stream stream, const T* x, T* y, Maps maps, std::int64_t y_channels, std::int64_t at);
template <class T>
void concat_backward(Stream stream, const T* d_y, T* d_x, Maps maps, std::int64_t y_channels,
                     std::int64_t at);
}  // namespace phosphene::kernels::cuda
