#include "kernels/occlusion.cuh"

#include <algorithm>

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void occlude(Stream stream, const float* image, std::int64_t c, std::int64_t h, std::int64_t w,
             const OccludedView* views, std::int64_t count, std::int64_t view_h,
             std::int64_t view_w, OcclusionFill fill, float* y) {
  if (c * view_h * view_w * count == 0) return;
  constexpr std::int64_t kMostCopies = 64;  // side by side; a thread takes the others in turn
  const dim3 grid(blocks_for(view_h * view_w, kBlock).x,
                  static_cast<unsigned>(std::min(count, kMostCopies)), 1);
  launch("occlude", occlude_kernel, grid, kBlock, 0, stream, image, c, h, w, views, count, view_h,
         view_w, fill, y);
}

}  // namespace phosphene::kernels::cuda
