// One thread a pixel, for several copies and all channels: it finds its row and column once, and
// blockIdx.y runs over the copies. Neighbouring threads write neighbouring pixels of a plane; the
// image is read again for every copy, but out of L2, so the writes are what costs.
#pragma once
#include "kernels/occlusion.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

__global__ void occlude_kernel(const float* image, std::int64_t c, std::int64_t h, std::int64_t w,
                               const OccludedView* views, std::int64_t count, std::int64_t view_h,
                               std::int64_t view_w, OcclusionFill fill, float* y) {
  const std::int64_t pixels = view_h * view_w;
  for (std::int64_t p = grid_thread(); p < pixels; p += grid_threads()) {
    const std::int64_t r = p / view_w, s = p % view_w;
    for (std::int64_t i = blockIdx.y; i < count; i += gridDim.y) {
      const OccludedView view = views[i];
      const std::int64_t row = view.top + r, col = view.left + s;
      const bool hidden = view.box.covers(row, col);
      for (std::int64_t channel = 0; channel < c; ++channel) {
        const std::int64_t from = (channel * h + row) * w + col;
        y[(i * c + channel) * pixels + p] = hidden ? fill.at(view.window, from) : image[from];
      }
    }
  }
}

}  // namespace phosphene::kernels::cuda
