// The two kernels of every sum over an array. In the first, each thread adds up terms a grid
// apart, a pack of neighbours at a time, and the block's sum goes to its own place in `partials`;
// the second adds those in one block. The grid follows from the count alone and nothing is
// atomic, so the sum repeats bit for bit; kSumBlocks blocks fill a large GPU once.
#pragma once
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

constexpr int kSumBlocks = 1024;
static_assert(kSumBlocks <= kReductionScratch);

/// term.template sum<kWidth>(pack) is the sum of the kWidth terms from pack kWidth on, and may
/// write what goes with them.
template <int kWidth, class Term>
__global__ void partial_sums_kernel(std::int64_t count, Term term, float* partials) {
  __shared__ float warps[kWarp];
  const std::int64_t packs = count / kWidth;
  float sum = 0;
  for (std::int64_t pack = grid_thread(); pack < packs; pack += grid_threads()) {
    sum += term.template sum<kWidth>(pack);
  }
  if constexpr (kWidth > 1) {
    for (std::int64_t i = packs * kWidth + grid_thread(); i < count; i += grid_threads()) {
      sum += term.template sum<1>(i);
    }
  }
  sum = block_sum(sum, warps);
  if (threadIdx.x == 0) partials[blockIdx.x] = sum;
}

/// result = factor sum, or result += factor sum if `accumulate`. One block.
template <bool kAccumulate>
__global__ void total_kernel(const float* partials, int count, float factor, float* result) {
  __shared__ float warps[kWarp];
  float sum = 0;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) {
    sum += partials[i];
  }
  sum = block_sum(sum, warps);
  if (threadIdx.x == 0) *result = kAccumulate ? *result + factor * sum : factor * sum;
}

/// kWidth elements from pack kWidth on, as packs or one by one.
template <int kWidth, class T>
__device__ inline Pack<T, kWidth> load_terms(const T* x, std::int64_t pack) {
  if constexpr (kWidth > 1) {
    return load_pack<T, kWidth>(x, pack);
  } else {
    return {{x[pack]}};
  }
}

}  // namespace phosphene::kernels::cuda
