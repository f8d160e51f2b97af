#include "kernels/sign_step.cuh"

#include "kernels/image_grid.hpp"

namespace phosphene::kernels::cuda {

void sign_step(Stream stream, float* x, const float* x0, const float* g, const float* alpha,
               const float* epsilon, ImageMask mask, std::int64_t n, std::int64_t count) {
  if (n * count == 0) return;
  launch("sign_step", sign_step_kernel, image_blocks(n, count, kBlock), kBlock, 0, stream, x, x0, g,
         alpha, epsilon, mask, count);
}

}  // namespace phosphene::kernels::cuda
