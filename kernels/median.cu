#include "kernels/median.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void median(Stream stream, const float* x, int size, std::int32_t* choice, float* y,
            std::int64_t planes, std::int64_t h, std::int64_t w) {
  if (planes * h * w == 0) return;
  launch("median", median_kernel, blocks_for(planes * h * w, kBlock), kBlock, 0, stream, x, size,
         choice, y, planes, h, w);
}

void median_backward(Stream stream, const std::int32_t* choice, const float* d_y, int size,
                     float* d_x, std::int64_t planes, std::int64_t h, std::int64_t w) {
  if (planes * h * w == 0) return;
  launch("median_backward", median_backward_kernel, blocks_for(planes * h * w, kBlock), kBlock, 0,
         stream, choice, d_y, size, d_x, planes, h, w);
}

}  // namespace phosphene::kernels::cuda
