#include "kernels/image_combine.cuh"

#include "kernels/image_grid.hpp"

namespace phosphene::kernels::cuda {

void image_combine(Stream stream, const float* a, const float* x, const float* b, float* y,
                   std::int64_t n, std::int64_t count) {
  if (n * count == 0) return;
  launch("image_combine", image_combine_kernel, image_blocks(n, count, kBlock), kBlock, 0, stream,
         a, x, b, y, count);
}

void image_accumulate(Stream stream, const float* x, const float* norms, const float* momentum,
                      float* y, std::int64_t n, std::int64_t count) {
  if (n * count == 0) return;
  launch("image_accumulate", image_accumulate_kernel, image_blocks(n, count, kBlock), kBlock, 0,
         stream, x, norms, momentum, y, count);
}

void image_select(Stream stream, const float* chosen, const float* x, float* y, std::int64_t n,
                  std::int64_t count) {
  if (n * count == 0) return;
  launch("image_select", image_select_kernel, image_blocks(n, count, kBlock), kBlock, 0, stream,
         chosen, x, y, count);
}

}  // namespace phosphene::kernels::cuda
