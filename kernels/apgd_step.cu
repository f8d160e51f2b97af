#include "kernels/apgd_step.cuh"

#include <algorithm>

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void apgd_step_linf(Stream stream, float* x, float* old, const float* x0, const float* g,
                    ApgdNumbers numbers, std::int64_t images, std::int64_t size) {
  if (images * size == 0) return;
  constexpr std::int64_t kMostRows = 65535;
  const dim3 grid(blocks_for(size, kBlock).x, static_cast<unsigned>(std::min(images, kMostRows)),
                  1);
  launch("apgd_step", apgd_step_linf_kernel, grid, kBlock, 0, stream, x, old, x0, g, numbers,
         images, size);
}

void apgd_step_l2(Stream stream, float* x, float* old, const float* x0, const float* g,
                  ApgdNumbers numbers, std::int64_t images, std::int64_t size) {
  if (images * size == 0) return;
  launch("apgd_step", apgd_step_l2_kernel, blocks_for(images, 1), kBlock, 0, stream, x, old, x0, g,
         numbers, images, size);
}

}  // namespace phosphene::kernels::cuda
