// One thread an element. The windows are small and their pixels are in the first-level cache, so
// ranks are counted there rather than sorted in registers.
#pragma once
#include "kernels/median.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

__global__ void median_kernel(const float* x, int size, std::int32_t* choice, float* y,
                              std::int64_t planes, std::int64_t h, std::int64_t w) {
  for (std::int64_t k = grid_thread(); k < planes * h * w; k += grid_threads()) {
    const std::int64_t row = k / w;
    const float* plane = x + row / h * h * w;
    const std::int64_t place = median_place(plane, h, w, size, row % h, k % w);
    choice[k] = static_cast<std::int32_t>(place);
    y[k] = plane[place];
  }
}

__global__ void median_backward_kernel(const std::int32_t* choice, const float* d_y, int size,
                                       float* d_x, std::int64_t planes, std::int64_t h,
                                       std::int64_t w) {
  for (std::int64_t k = grid_thread(); k < planes * h * w; k += grid_threads()) {
    const std::int64_t row = k / w, start = row / h * h * w;
    d_x[k] = median_gather(choice + start, d_y + start, h, w, size, row % h, k % w);
  }
}

}  // namespace phosphene::kernels::cuda
