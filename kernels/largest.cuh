// The largest of what many threads hold. Kept apart from kernels: a __global__ function in a header
// that two .cu files include is defined twice, and the library does not link.
#pragma once
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

/// The larger; a NaN wins.
__device__ inline float larger(float a, float b) { return a > b || a != a ? a : b; }

/// Over the 32 lanes, in every lane; as warp_sum.
__device__ inline float warp_largest(float value) {
  for (int step = kWarp / 2; step > 0; step /= 2) {
    value = larger(value, __shfl_xor_sync(kFullWarp, value, step));
  }
  return value;
}

/// Over the block, in thread 0; as block_sum, for numbers of at least 0.
__device__ inline float block_largest(float value, float* warps) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  value = warp_largest(value);
  if (lane == 0) warps[warp] = value;
  __syncthreads();
  if (warp == 0) {
    value = warp_largest(lane < static_cast<int>(blockDim.x) / kWarp ? warps[lane] : 0.0F);
  }
  return value;
}

}  // namespace phosphene::kernels::cuda
