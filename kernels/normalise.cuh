// One thread a pixel: its reads run along each plane with its neighbours', its writes are the few
// channels of one pixel, next to theirs. With the three channels of an image a warp moves whole
// cache lines either way, with no exchange through shared memory.
#pragma once
#include "kernels/normalise.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

template <class T>
__global__ void normalise_kernel(const float* x, T* y, Maps maps, const float* mean,
                                 const float* std, float scale, bool reverse) {
  const std::int64_t pixels = maps.h * maps.w;
  for (std::int64_t i = grid_thread(); i < maps.n * pixels; i += grid_threads()) {
    const std::int64_t image = i / pixels * maps.c, p = i % pixels;
    for (std::int64_t c = 0; c < maps.c; ++c) {
      const std::int64_t plane = reverse ? maps.c - 1 - c : c;
      y[i * maps.c + c] =
          from_float<T>((scale * x[(image + plane) * pixels + p] - mean[c]) / std[c]);
    }
  }
}

template <class T>
__global__ void normalise_backward_kernel(const T* d_y, float* d_x, Maps maps, const float* std,
                                          float scale, bool reverse) {
  const std::int64_t pixels = maps.h * maps.w;
  for (std::int64_t i = grid_thread(); i < maps.n * pixels; i += grid_threads()) {
    const std::int64_t image = i / pixels * maps.c, p = i % pixels;
    for (std::int64_t c = 0; c < maps.c; ++c) {
      const std::int64_t plane = reverse ? maps.c - 1 - c : c;
      d_x[(image + plane) * pixels + p] = to_float(d_y[i * maps.c + c]) * (scale / std[c]);
    }
  }
}

}  // namespace phosphene::kernels::cuda
