// A row of blocks an image (blockIdx.y), whose threads take neighbouring elements: alpha and
// epsilon are read once a block, and a warp's loads and stores are whole cache lines.
#pragma once
#include "kernels/image_block.cuh"
#include "kernels/sign_step.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

__global__ void sign_step_kernel(float* x, const float* x0, const float* g, const float* alpha,
                                 const float* epsilon, ImageMask mask, std::int64_t count) {
  const std::int64_t i = blockIdx.y, first = i * count;
  const float eps = epsilon[i], a = g == nullptr ? 0.0F : alpha[i];
  for (std::int64_t k = grid_thread(); k < count; k += grid_threads()) {
    const float slope = g == nullptr ? 0.0F : g[first + k], clean = x0[first + k];
    const float step = slope > 0 ? a : slope < 0 ? -a : 0.0F, radius = eps * mask.at(i, k);
    x[first + k] =
        clamped(clamped(x[first + k] + step, clean - radius, clean + radius), 0.0F, 1.0F);
  }
}

}  // namespace phosphene::kernels::cuda
