#include "kernels/l2_step.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void l2_step(Stream stream, float* x, const float* x0, const float* g, const float* alpha,
             const float* epsilon, ImageMask mask, std::int64_t n, std::int64_t count) {
  if (n * count == 0) return;
  launch("l2_step", l2_step_kernel, static_cast<unsigned>(n), kImageBlock, 0, stream, x, x0, g,
         alpha, epsilon, mask, count);
}

}  // namespace phosphene::kernels::cuda
