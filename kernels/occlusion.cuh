// One thread a pixel, for several copies and all channels: it finds its row and column once, and
// blockIdx.y runs over the copies. Neighbouring threads write neighbouring pixels of a plane; the
// image is read again for every copy, but out of L2, so the writes are what costs.
#pragma once
#include "kernels/occlusion.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

__global__ void occlude_kernel(const float* image, std::int64_t c, std::int64_t h, std::int64_t w,
                               const Box* boxes, std::int64_t count, const float* value, float* y) {
  const std::int64_t pixels = h * w;
  for (std::int64_t p = grid_thread(); p < pixels; p += grid_threads()) {
    const std::int64_t row = p / w, col = p % w;
    for (std::int64_t i = blockIdx.y; i < count; i += gridDim.y) {
      const Box box = boxes[i];
      const bool covered = row >= box.top && row < std::int64_t{box.top} + box.height &&
                           col >= box.left && col < std::int64_t{box.left} + box.width;
      for (std::int64_t channel = 0; channel < c; ++channel) {
        y[(i * c + channel) * pixels + p] = covered ? value[channel] : image[channel * pixels + p];
      }
    }
  }
}

}  // namespace phosphene::kernels::cuda
