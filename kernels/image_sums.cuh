// One block an image: its threads take elements a block apart, so that a warp's loads are whole
// cache lines, and meet in shared memory. A batch of images fills the device, and the order of a
// sum is that of one image alone.
#pragma once
#include "kernels/image_block.cuh"
#include "kernels/image_sums.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

template <ImageNorm kNorm>
__global__ void __launch_bounds__(kImageBlock)
    image_norms_kernel(const float* x, const float* y, std::int64_t count, float* result) {
  __shared__ float warps[kWarp];
  const std::int64_t first = std::int64_t{blockIdx.x} * count;
  float total = 0;
  for (std::int64_t k = threadIdx.x; k < count; k += blockDim.x) {
    const float d = y == nullptr ? x[first + k] : x[first + k] - y[first + k];
    if constexpr (kNorm == ImageNorm::l1) total += fabsf(d);
    if constexpr (kNorm == ImageNorm::l2) total += d * d;
    if constexpr (kNorm == ImageNorm::linf) total = larger(total, fabsf(d));
  }
  total = kNorm == ImageNorm::linf ? block_largest(total, warps) : block_sum(total, warps);
  if (threadIdx.x == 0) result[blockIdx.x] = kNorm == ImageNorm::l2 ? sqrtf(total) : total;
}

__global__ void __launch_bounds__(kImageBlock)
    image_dots_kernel(const float* x, const float* y, std::int64_t count, float* result) {
  __shared__ float warps[kWarp];
  const std::int64_t first = std::int64_t{blockIdx.x} * count;
  float total = 0;
  for (std::int64_t k = threadIdx.x; k < count; k += blockDim.x)
    total += x[first + k] * y[first + k];
  total = block_sum(total, warps);
  if (threadIdx.x == 0) result[blockIdx.x] = total;
}

}  // namespace phosphene::kernels::cuda
