#include "kernels/occlusion.cuh"

#include <algorithm>

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void occlude(Stream stream, const float* image, std::int64_t c, std::int64_t h, std::int64_t w,
             const Box* boxes, std::int64_t count, const float* value, float* y) {
  if (c * h * w * count == 0) return;
  constexpr std::int64_t kMostCopies = 64;  // side by side; a thread takes the others in turn
  const dim3 grid(blocks_for(h * w, kBlock).x, static_cast<unsigned>(std::min(count, kMostCopies)),
                  1);
  launch("occlude", occlude_kernel, grid, kBlock, 0, stream, image, c, h, w, boxes, count, value,
         y);
}

}  // namespace phosphene::kernels::cuda
