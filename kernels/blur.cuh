// One thread an element; a launch an axis. Neighbours are neighbours in a row on either axis, so
// their reads are whole cache lines.
#pragma once
#include "kernels/blur.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

template <bool kRows>
__global__ void blur_kernel(const float* x, const float* weights, int radius, float* y, Maps maps) {
  for (std::int64_t k = grid_thread(); k < maps.count(); k += grid_threads()) {
    const std::int64_t row = k / maps.w, j = k % maps.w, plane = row / maps.h;
    const float* mine = weights + plane / maps.c * (radius + 1);
    y[k] = kRows ? blurred(x + row * maps.w, mine, radius, maps.w, 1, j)
                 : blurred(x + plane * maps.h * maps.w + j, mine, radius, maps.h, maps.w,
                           row % maps.h);
  }
}

}  // namespace phosphene::kernels::cuda
