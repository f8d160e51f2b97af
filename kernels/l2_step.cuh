// One block an image, because both lengths are needed before an element can be written: three
// sweeps over the image with a block's sum after each of the first two. A thread writes only what
// it alone reads.
#pragma once
#include "kernels/image_block.cuh"
#include "kernels/l2_step.hpp"

namespace phosphene::kernels::cuda {

/// Where element k of image i comes to lie before it is projected.
struct L2Move {
  const float *x, *x0, *g;
  ImageMask mask;
  std::int64_t first;
  float along;

  __device__ float operator()(std::int64_t i, std::int64_t k) const {
    if (mask.at(i, k) == 0) return x0[first + k];
    return along != 0 ? x[first + k] + along * g[first + k] : x[first + k];
  }
};

__global__ void __launch_bounds__(kImageBlock)
    l2_step_kernel(float* x, const float* x0, const float* g, const float* alpha,
                   const float* epsilon, ImageMask mask, std::int64_t count) {
  __shared__ float warps[kWarp], more_warps[kWarp], shared[2];
  const std::int64_t i = blockIdx.x;
  L2Move move{x, x0, g, mask, i * count, 0.0F};
  float sum = 0;
  for (std::int64_t k = threadIdx.x; g != nullptr && k < count; k += blockDim.x) {
    const float slope = mask.at(i, k) == 0 ? 0.0F : g[move.first + k];
    sum += slope * slope;
  }
  sum = block_sum(sum, warps);
  if (threadIdx.x == 0) {
    const float size = sqrtf(sum);
    shared[0] = size > 0 && size < INFINITY ? alpha[i] / size : 0.0F;
  }
  __syncthreads();
  move.along = shared[0];
  sum = 0;
  for (std::int64_t k = threadIdx.x; k < count; k += blockDim.x) {
    const float d = move(i, k) - x0[move.first + k];
    sum += d * d;
  }
  sum = block_sum(sum, more_warps);
  if (threadIdx.x == 0) shared[1] = sqrtf(sum);
  __syncthreads();
  const float distance = shared[1], eps = epsilon[i];
  const bool outside = distance > eps;
  const float shrink = outside ? eps / distance : 1.0F;
  for (std::int64_t k = threadIdx.x; k < count; k += blockDim.x) {
    const float y = move(i, k), clean = x0[move.first + k];
    x[move.first + k] = clamped(outside ? clean + shrink * (y - clean) : y, 0.0F, 1.0F);
  }
}

}  // namespace phosphene::kernels::cuda
