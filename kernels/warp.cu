#include "kernels/warp.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void warp(Stream stream, const float* x, const float* numbers, float* y, Maps maps) {
  if (maps.count() == 0) return;
  launch("warp", warp_kernel<false>, blocks_for(maps.count(), kBlock), kBlock, 0, stream, x,
         numbers, y, maps);
}

void warp_backward(Stream stream, const float* d_y, const float* numbers, float* d_x, Maps maps) {
  if (maps.count() == 0) return;
  launch("warp_backward", warp_kernel<true>, blocks_for(maps.count(), kBlock), kBlock, 0, stream,
         d_y, numbers, d_x, maps);
}

}  // namespace phosphene::kernels::cuda
