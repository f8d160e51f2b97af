// One thread an element of y: neighbours read and write neighbouring elements of a row.
#pragma once
#include "kernels/crop.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

__global__ void crop_kernel(const float* x, std::int64_t planes, CropWindow window, float* y) {
  const std::int64_t out_w = window.out_w, out_h = window.out_h;
  for (std::int64_t i = grid_thread(); i < planes * out_h * out_w; i += grid_threads()) {
    const std::int64_t row = i / out_w;
    const std::int64_t from = row / out_h * window.h + window.top + row % out_h;
    y[i] = x[from * window.w + window.left + i % out_w];
  }
}

}  // namespace phosphene::kernels::cuda
