#include "kernels/occlusion.hpp"

#include <algorithm>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

void occlude(const float* image, std::int64_t c, std::int64_t h, std::int64_t w,
             const OccludedView* views, std::int64_t count, std::int64_t view_h,
             std::int64_t view_w, OcclusionFill fill, float* y) {
#pragma omp parallel for collapse(2) if (count * c * view_h * view_w > kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t channel = 0; channel < c; ++channel) {
      const OccludedView view = views[i];
      const Box box = view.box;
      // The box's columns, clipped to the view.
      const auto left = std::clamp<std::int64_t>(std::int64_t{box.left} - view.left, 0, view_w);
      const auto right =
          std::clamp<std::int64_t>(std::int64_t{box.left} + box.width - view.left, left, view_w);
      for (std::int64_t r = 0; r < view_h; ++r) {
        const std::int64_t row = view.top + r;
        const std::int64_t from = (channel * h + row) * w + view.left;
        float* out = y + ((i * c + channel) * view_h + r) * view_w;
        std::copy_n(image + from, view_w, out);
        if (row < box.top || row >= std::int64_t{box.top} + box.height) continue;
        for (std::int64_t s = left; s < right; ++s) {
          out[s] = fill.at(view.window, from + s);
        }
      }
    }
  }
}

}  // namespace phosphene::kernels::cpu
