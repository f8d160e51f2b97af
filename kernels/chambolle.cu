#include "kernels/chambolle.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void chambolle_step(Stream stream, const float* x, const float* p, float weight, float* next,
                    std::int64_t planes, std::int64_t h, std::int64_t w) {
  if (planes * h * w == 0) return;
  launch("chambolle_step", chambolle_step_kernel, blocks_for(planes * h * w, kBlock), kBlock, 0,
         stream, x, p, 1 / weight, next, planes, h, w);
}

void chambolle_result(Stream stream, const float* x, const float* p, float weight, float* u,
                      std::int64_t planes, std::int64_t h, std::int64_t w) {
  if (planes * h * w == 0) return;
  launch("chambolle_result", chambolle_result_kernel, blocks_for(planes * h * w, kBlock), kBlock, 0,
         stream, x, p, weight, u, planes, h, w);
}

}  // namespace phosphene::kernels::cuda
