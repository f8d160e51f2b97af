// One thread a pixel, all three channels of it: neighbours read neighbouring pixels of each plane.
#pragma once
#include "kernels/colour_map.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

__global__ void colour_map_kernel(const float* x, const float* numbers, float* y, std::int64_t n,
                                  std::int64_t pixels) {
  for (std::int64_t k = grid_thread(); k < n * pixels; k += grid_threads()) {
    const std::int64_t image = k / pixels, at = image * 3 * pixels + k % pixels;
    const float* m = numbers + image * kColourNumbers;
    const float rgb[3] = {x[at], x[at + pixels], x[at + 2 * pixels]};
#pragma unroll
    for (int c = 0; c < 3; ++c) {
      const float v = mapped_colour(m, rgb, c);
      y[at + c * pixels] = v < 0 ? 0 : v > 1 ? 1 : v;
    }
  }
}

__global__ void colour_map_backward_kernel(const float* x, const float* numbers, const float* d_y,
                                           float* d_x, std::int64_t n, std::int64_t pixels) {
  for (std::int64_t k = grid_thread(); k < n * pixels; k += grid_threads()) {
    const std::int64_t image = k / pixels, at = image * 3 * pixels + k % pixels;
    const float* m = numbers + image * kColourNumbers;
    const float rgb[3] = {x[at], x[at + pixels], x[at + 2 * pixels]};
    float d[3] = {0, 0, 0};
#pragma unroll
    for (int c = 0; c < 3; ++c) {
      const float v = mapped_colour(m, rgb, c);
      if (v < 0 || v > 1) continue;
      const float d_v = d_y[at + c * pixels];
      for (int j = 0; j < 3; ++j) d[j] += m[3 * c + j] * d_v;
    }
    for (int j = 0; j < 3; ++j) d_x[at + j * pixels] = d[j];
  }
}

}  // namespace phosphene::kernels::cuda
