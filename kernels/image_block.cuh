// What kernels share that give a block to each image. Each kernel itself stands in a .cuh that one
// .cu alone includes.
#pragma once
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

/// A NaN fails both comparisons and stays.
__device__ inline float clamped(float x, float low, float high) {
  return x < low ? low : x > high ? high : x;
}

}  // namespace phosphene::kernels::cuda
