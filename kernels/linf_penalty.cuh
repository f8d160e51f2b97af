// One block an image: the furthest element, then how many share its place, then the gradient; a
// block's reduction after each of the first two sweeps.
#pragma once
#include "kernels/image_block.cuh"
#include "kernels/linf_penalty.hpp"

namespace phosphene::kernels::cuda {

__global__ void __launch_bounds__(kImageBlock)
    linf_penalty_kernel(const float* x, const float* x0, float lambda, const float* slack,
                        float* d_x, std::int64_t count) {
  __shared__ float warps[kWarp];
  __shared__ int counts[kWarp];
  __shared__ float shared_largest;
  __shared__ int shared_sharers;
  const std::int64_t first = std::int64_t{blockIdx.x} * count;
  float largest = 0;
  for (std::int64_t k = threadIdx.x; k < count; k += blockDim.x) {
    largest = larger(largest, fabsf(x[first + k] - x0[first + k]));
  }
  largest = block_largest(largest, warps);
  if (threadIdx.x == 0) shared_largest = largest;
  __syncthreads();
  largest = shared_largest;
  const float least = largest - slack[blockIdx.x];
  const auto shares = [=](float distance) { return distance > 0 && distance >= least; };
  int sharers = 0;
  for (std::int64_t k = threadIdx.x; k < count; k += blockDim.x) {
    sharers += shares(fabsf(x[first + k] - x0[first + k])) ? 1 : 0;
  }
  sharers = block_sum(sharers, counts);
  if (threadIdx.x == 0) shared_sharers = sharers;
  __syncthreads();
  // A NaN is the largest if there is one; then nobody shares.
  const float share = lambda / static_cast<float>(shared_sharers);
  for (std::int64_t k = threadIdx.x; k < count; k += blockDim.x) {
    const float d = x[first + k] - x0[first + k];
    if (shares(fabsf(d))) d_x[first + k] -= d > 0 ? share : -share;
  }
}

}  // namespace phosphene::kernels::cuda
