// A block an image, since every round of the root needs sums over all of it. Both projections go
// through their rounds together, so that x, x0 and w are read once for the two; they are small
// enough to stay in L2. All threads hold the same roots, made of the same sums.
#pragma once
#include "kernels/fab_point.hpp"
#include "kernels/largest.cuh"

namespace phosphene::kernels::cuda {

/// What the threads of a block add up together: kCount sums, or largest values, at a time.
struct BlockTotals {
  static constexpr int kCount = 4;
  float (*warps)[kWarp];  // [kCount][kWarp], shared

  /// Leaves in every thread the totals over all threads.
  template <bool kMost>
  __device__ void operator()(float (&values)[kCount]) const {
    const int lane = static_cast<int>(threadIdx.x) % kWarp;
    const int warp = static_cast<int>(threadIdx.x) / kWarp;
    for (int k = 0; k < kCount; ++k) {
      const float all = kMost ? warp_largest(values[k]) : warp_sum(values[k]);
      if (lane == 0) warps[k][warp] = all;
    }
    __syncthreads();
    for (int k = 0; k < kCount; ++k) {
      const float mine = lane < static_cast<int>(blockDim.x) / kWarp ? warps[k][lane] : 0.0F;
      values[k] = kMost ? warp_largest(mine) : warp_sum(mine);
    }
    __syncthreads();
  }
};

template <bool kL2>
__device__ inline void fab_step_image(float* x, const float* x0, const float* w, float f,
                                      FabFactors factors, std::int64_t size,
                                      const BlockTotals& totals) {
  float sums[BlockTotals::kCount] = {};
  for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x) sums[0] += w[i] * (x0[i] - x[i]);
  totals.operator()<false>(sums);
  FabRoot at_x(f), at_x0(f + sums[0]);
  for (int round = 0; round < kFabRounds && !(at_x.found && at_x0.found); ++round) {
    float ended = 0, slope = 0, ended0 = 0, slope0 = 0;
    for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x) {
      const FabElement<kL2> e(w[i], x[i], at_x.positive()), e0(w[i], x0[i], at_x0.positive());
      (e.ended(at_x.m) ? ended : slope) += e.weight * (e.ended(at_x.m) ? e.room : e.unit);
      (e0.ended(at_x0.m) ? ended0 : slope0) += e0.weight * (e0.ended(at_x0.m) ? e0.room : e0.unit);
    }
    float all[BlockTotals::kCount] = {ended, slope, ended0, slope0};
    totals.operator()<false>(all);
    at_x.improve(all[0], all[1]);
    at_x0.improve(all[2], all[3]);
  }
  float lengths[BlockTotals::kCount] = {};
  for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x) {
    const float d = FabElement<kL2>(w[i], x[i], at_x.positive()).length(at_x.m);
    const float d0 = FabElement<kL2>(w[i], x0[i], at_x0.positive()).length(at_x0.m);
    lengths[0] = kL2 ? lengths[0] + d * d : fmaxf(lengths[0], d);
    lengths[1] = kL2 ? lengths[1] + d0 * d0 : fmaxf(lengths[1], d0);
  }
  totals.operator()<!kL2>(lengths);
  const float alpha = fab_alpha(kL2 ? sqrtf(lengths[0]) : lengths[0],
                                kL2 ? sqrtf(lengths[1]) : lengths[1], factors.alpha_max);
  for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x) {
    x[i] = fab_point<kL2>(x[i], x0[i], w[i], at_x, at_x0, alpha, factors.eta);
  }
}

template <bool kL2>
__global__ void __launch_bounds__(kBlock)
    fab_step_kernel(float* x, const float* x0, const float* w, const float* f, const FabMove* moves,
                    FabFactors factors, std::int64_t images, std::int64_t size) {
  __shared__ float warps[BlockTotals::kCount][kWarp];
  const BlockTotals totals{warps};
  for (std::int64_t n = blockIdx.x; n < images; n += gridDim.x) {
    const std::int64_t from = n * size;
    if (moves[n] == FabMove::step) {
      fab_step_image<kL2>(x + from, x0 + from, w + from, f[n], factors, size, totals);
    } else if (moves[n] == FabMove::back) {
      for (std::int64_t i = from + threadIdx.x; i < from + size; i += blockDim.x) {
        x[i] = x0[i] + (x[i] - x0[i]) * factors.beta;
      }
    }
  }
}

}  // namespace phosphene::kernels::cuda
