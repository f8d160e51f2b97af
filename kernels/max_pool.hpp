// y = the largest of its window; padding never wins; of equals the first in row-major order does,
// and the first NaN wins over all. argmax keeps that element's index kh kernel_w + kw in one byte
// (kernel_h kernel_w <= 256), or is null where no gradient is wanted. Every window holds a pixel
// of x: paddings are smaller than the kernel and no window starts past the last pixel.
//   backward: each d_x gathers from the windows that chose it, in order, so no atomics.
// Moves x once (stride = kernel) and y once, and a byte an output.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
template <class T>
void max_pool(const T* x, T* y, std::uint8_t* argmax, Maps x_maps, Maps y_maps, PoolWindow window);
template <class T>
void max_pool_backward(const T* d_y, const std::uint8_t* argmax, T* d_x, Maps x_maps, Maps y_maps,
                       PoolWindow window);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void max_pool(Stream stream, const T* x, T* y, std::uint8_t* argmax, Maps x_maps, Maps y_maps,
              PoolWindow window);
template <class T>
void max_pool_backward(Stream stream, const T* d_y, const std::uint8_t* argmax, T* d_x, Maps x_maps,
                       Maps y_maps, PoolWindow window);
}  // namespace phosphene::kernels::cuda
