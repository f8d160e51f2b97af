#include "kernels/deepfool.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void deepfool_choose(Stream stream, const float* logits, const std::int32_t* from,
                     const std::int32_t* to, const float* lengths, bool linf, float* distance,
                     float* scale, float* chosen, std::int64_t n, std::int64_t classes) {
  if (n == 0) return;
  launch("deepfool_choose", deepfool_choose_kernel, blocks_for(n, kBlock), kBlock, 0, stream,
         logits, from, to, lengths, linf, distance, scale, chosen, n, classes);
}

void deepfool_step(Stream stream, const float* active, const float* scale, bool linf,
                   float overshoot, const float* x0, const float* g, float* total, float* x,
                   std::int64_t n, std::int64_t count) {
  if (n * count == 0) return;
  const dim3 grid(blocks_for(count, kBlock).x, static_cast<unsigned>(n));
  launch("deepfool_step", deepfool_step_kernel, grid, kBlock, 0, stream, active, scale, linf,
         overshoot, x0, g, total, x, count);
}

}  // namespace phosphene::kernels::cuda
