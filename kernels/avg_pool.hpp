// y = the sum of its window over the window's area: the area inside the padded input if
// count_pad, else inside the input alone.
//   backward: each d_x gathers d_y / area from the windows over it.
// adaptive: bin i of h' covers rows [floor(i h / h'), ceil((i + 1) h / h')), likewise columns.
// Sums run in float over a window's rows, then its columns.
// Moves x once (stride = kernel) and y once, forward and back.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
template <class T>
void avg_pool(const T* x, T* y, Maps x_maps, Maps y_maps, PoolWindow window, bool count_pad);
template <class T>
void avg_pool_backward(const T* d_y, T* d_x, Maps x_maps, Maps y_maps, PoolWindow window,
                       bool count_pad);
template <class T>
void adaptive_avg_pool(const T* x, T* y, Maps x_maps, Maps y_maps);
template <class T>
void adaptive_avg_pool_backward(const T* d_y, T* d_x, Maps x_maps, Maps y_maps);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void avg_pool(Stream stream, const T* x, T* y, Maps x_maps, Maps y_maps, PoolWindow window,
              bool count_pad);
template <class T>
void avg_pool_backward(Stream stream, const T* d_y, T* d_x, Maps x_maps, Maps y_maps,
                       PoolWindow window, bool count_pad);
template <class T>
void adaptive_avg_pool(Stream stream, const T* x, T* y, Maps x_maps, Maps y_maps);
template <class T>
void adaptive_avg_pool_backward(Stream stream, const T* d_y, T* d_x, Maps x_maps, Maps y_maps);
}  // namespace phosphene::kernels::cuda
