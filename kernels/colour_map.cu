#include "kernels/colour_map.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void colour_map(Stream stream, const float* x, const float* numbers, float* y, std::int64_t n,
                std::int64_t pixels) {
  if (n * pixels == 0) return;
  launch("colour_map", colour_map_kernel, blocks_for(n * pixels, kBlock), kBlock, 0, stream, x,
         numbers, y, n, pixels);
}

void colour_map_backward(Stream stream, const float* x, const float* numbers, const float* d_y,
                         float* d_x, std::int64_t n, std::int64_t pixels) {
  if (n * pixels == 0) return;
  launch("colour_map_backward", colour_map_backward_kernel, blocks_for(n * pixels, kBlock), kBlock,
         0, stream, x, numbers, d_y, d_x, n, pixels);
}

}  // namespace phosphene::kernels::cuda
