// One thread a pixel. A step goes from one field to another, so that no thread reads what another
// of the same launch writes; what neighbours read twice comes from the cache.
#pragma once
#include "kernels/chambolle.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

__global__ void chambolle_step_kernel(const float* x, const float* p, float inverse_weight,
                                      float* next, std::int64_t planes, std::int64_t h,
                                      std::int64_t w) {
  const std::int64_t pixels = h * w;
  for (std::int64_t k = grid_thread(); k < planes * pixels; k += grid_threads()) {
    const std::int64_t plane = k / pixels, at = k % pixels;
    float* to = next + 2 * plane * pixels + at;
    chambolle_update(x + plane * pixels, p + 2 * plane * pixels, inverse_weight, h, w, at / w,
                     at % w, to, to + pixels);
  }
}

__global__ void chambolle_result_kernel(const float* x, const float* p, float weight, float* u,
                                        std::int64_t planes, std::int64_t h, std::int64_t w) {
  const std::int64_t pixels = h * w;
  for (std::int64_t k = grid_thread(); k < planes * pixels; k += grid_threads()) {
    const std::int64_t at = k % pixels;
    const float* field = p + 2 * (k / pixels) * pixels;
    u[k] = x[k] - weight * chambolle_divergence(field, h, w, at / w, at % w);
  }
}

}  // namespace phosphene::kernels::cuda
