#include "kernels/blur.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void blur(Stream stream, const float* x, const float* weights, int radius, float* t, float* y,
          Maps maps) {
  if (maps.count() == 0) return;
  const dim3 blocks = blocks_for(maps.count(), kBlock);
  launch("blur rows", blur_kernel<true>, blocks, kBlock, 0, stream, x, weights, radius, t, maps);
  launch("blur columns", blur_kernel<false>, blocks, kBlock, 0, stream, t, weights, radius, y,
         maps);
}

}  // namespace phosphene::kernels::cuda
