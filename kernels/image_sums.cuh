// One block an image: its threads take elements a block apart, so that a warp's loads are whole
// cache lines, and meet in shared memory. A batch of images fills the device, and the order of a
// sum is that of one image alone.
#pragma once
#include "kernels/image_sums.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

constexpr int kImageBlock = 512;  // threads to an image

/// The larger; a NaN wins.
__device__ inline float larger(float a, float b) { return a > b || a != a ? a : b; }

/// The largest over the block, in thread 0; as block_sum, for numbers of at least 0.
__device__ inline float block_largest(float value, float* warps) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  for (int step = kWarp / 2; step > 0; step /= 2) {
    value = larger(value, __shfl_xor_sync(kFullWarp, value, step));
  }
  if (lane == 0) warps[warp] = value;
  __syncthreads();
  if (warp == 0) {
    value = lane < static_cast<int>(blockDim.x) / kWarp ? warps[lane] : 0.0F;
    for (int step = kWarp / 2; step > 0; step /= 2) {
      value = larger(value, __shfl_xor_sync(kFullWarp, value, step));
    }
  }
  return value;
}

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
