// One warp a pixel: its lanes run over the channels side by side, and the three sweeps (largest,
// sum, result) need no more than shuffles between them. The exponentials are computed twice
// rather than kept: a thousand classes come out of L1 the second time.
#pragma once
#include "kernels/largest.cuh"
#include "kernels/softmax.hpp"

namespace phosphene::kernels::cuda {

template <class T>
__global__ void softmax_kernel(const T* x, T* y, Maps maps) {
  const std::int64_t lane = grid_thread() % kWarp, pixels = maps.n * maps.h * maps.w;
  for (std::int64_t p = grid_thread() / kWarp; p < pixels; p += grid_threads() / kWarp) {
    const T* in = x + p * maps.c;
    float largest = -INFINITY, sum = 0;
    for (std::int64_t c = lane; c < maps.c; c += kWarp) largest = fmaxf(largest, to_float(in[c]));
    largest = warp_largest(largest);
    for (std::int64_t c = lane; c < maps.c; c += kWarp) sum += expf(to_float(in[c]) - largest);
    sum = warp_sum(sum);
    for (std::int64_t c = lane; c < maps.c; c += kWarp) {
      y[p * maps.c + c] = from_float<T>(expf(to_float(in[c]) - largest) / sum);
    }
  }
}

template <class T>
__global__ void softmax_backward_kernel(const T* d_y, const T* y, T* d_x, Maps maps) {
  const std::int64_t lane = grid_thread() % kWarp, pixels = maps.n * maps.h * maps.w;
  for (std::int64_t p = grid_thread() / kWarp; p < pixels; p += grid_threads() / kWarp) {
    const std::int64_t at = p * maps.c;
    float dot = 0;
    for (std::int64_t c = lane; c < maps.c; c += kWarp) {
      dot += to_float(d_y[at + c]) * to_float(y[at + c]);
    }
    dot = warp_sum(dot);
    for (std::int64_t c = lane; c < maps.c; c += kWarp) {
      d_x[at + c] = from_float<T>(to_float(y[at + c]) * (to_float(d_y[at + c]) - dot));
    }
  }
}

}  // namespace phosphene::kernels::cuda
