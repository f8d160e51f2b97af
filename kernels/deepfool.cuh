// The choice is a thread an image. The step is a thread a pixel, an image a row of the grid, so
// that a block reads one scale; five streams of a float each need no packs.
#pragma once
#include "kernels/deepfool.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

__global__ void deepfool_choose_kernel(const float* logits, const std::int32_t* from,
                                       const std::int32_t* to, const float* lengths, bool linf,
                                       float* distance, float* scale, float* chosen, std::int64_t n,
                                       std::int64_t classes) {
  for (std::int64_t i = grid_thread(); i < n; i += grid_threads()) {
    bool nearer = false;
    if (to[i] >= 0) {
      const float* z = logits + i * classes;
      const float length = lengths[i] + 1e-8F, d = fabsf(z[to[i]] - z[from[i]]) / length;
      nearer = d < distance[i];
      if (nearer) {
        distance[i] = d;
        scale[i] = linf ? d + 1e-4F : (d + 1e-4F) / length;
      }
    }
    chosen[i] = nearer ? 1.0F : 0.0F;
  }
}

__global__ void deepfool_step_kernel(const float* active, const float* scale, bool linf,
                                     float overshoot, const float* x0, const float* g, float* total,
                                     float* x, std::int64_t count) {
  const std::int64_t image = blockIdx.y;
  if (active[image] == 0) return;
  const float factor = scale[image];
  for (std::int64_t p = grid_thread(); p < count; p += grid_threads()) {
    const std::int64_t i = image * count + p;
    const float sign = g[i] > 0 ? 1.0F : g[i] < 0 ? -1.0F : 0.0F;
    const float sum = total[i] + factor * (linf ? sign : g[i]);
    const float moved = x0[i] + (1.0F + overshoot) * sum;
    total[i] = sum;
    x[i] = moved < 0 ? 0.0F : moved > 1 ? 1.0F : moved;
  }
}

}  // namespace phosphene::kernels::cuda
