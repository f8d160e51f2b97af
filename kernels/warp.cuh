// One thread an element of the result. Neighbours sample neighbouring pixels, so that their reads
// share cache lines; the matrix is the same for a whole plane.
#pragma once
#include "kernels/simt.hpp"
#include "kernels/warp.hpp"

namespace phosphene::kernels::cuda {

template <bool kBackward>
__global__ void warp_kernel(const float* x, const float* numbers, float* y, Maps maps) {
  for (std::int64_t k = grid_thread(); k < maps.count(); k += grid_threads()) {
    const std::int64_t row = k / maps.w, plane = row / maps.h;
    const float* from = x + plane * maps.h * maps.w;
    const float* image = numbers + plane / maps.c * kWarpNumbers;
    y[k] = kBackward ? warp_gather(from, image, maps, row % maps.h, k % maps.w)
                     : warp_sample(from, image, maps, row % maps.h, k % maps.w);
  }
}

}  // namespace phosphene::kernels::cuda
