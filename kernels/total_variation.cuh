// A block takes whole rows, its threads the columns, so that neighbours to the left and right are
// in the same cache lines and those above and below in the lines that nearby blocks read. A pixel
// gathers its gradient from the three terms that it is part of (its own, its left neighbour's,
// its upper one's) and writes it once. Block sums go to `partials`, as in sum.cuh.
#pragma once
#include "kernels/simt.hpp"
#include "kernels/total_variation.hpp"

namespace phosphene::kernels::cuda {

struct TotalVariationTerm {
  float u, v;

  // The forward differences at row i, column j of a plane; 0 past the border.
  __device__ TotalVariationTerm(const float* plane, std::int64_t h, std::int64_t w, std::int64_t i,
                                std::int64_t j) {
    const float* x = plane + i * w + j;
    u = j + 1 < w ? x[1] - x[0] : 0.0F;
    v = i + 1 < h ? x[w] - x[0] : 0.0F;
  }
  __device__ float squared() const { return u * u + v * v; }
};

// For beta = 2 nothing but products. Else q^(beta / 2) and its slope, both 0 at q = 0 (and NaN at
// NaN).
template <bool kSquare>
struct TotalVariationPower {
  float half_beta;
  __device__ float value(float q) const { return kSquare || !(q > 0) ? q : powf(q, half_beta); }
  __device__ float slope(float q) const {  // by u, over u
    if (kSquare) return 2.0F;
    return q > 0 ? 2 * half_beta * powf(q, half_beta - 1) : q;
  }
};

template <bool kSquare>
__global__ void total_variation_kernel(const float* x, std::int64_t rows, std::int64_t h,
                                       std::int64_t w, float weight, float half_beta, float* d_x,
                                       float* partials) {
  __shared__ float warps[kWarp];
  const TotalVariationPower<kSquare> power{half_beta};
  float sum = 0;
  for (std::int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
    const std::int64_t i = row % h;
    const float* plane = x + (row - i) * w;
    for (std::int64_t j = threadIdx.x; j < w; j += kBlock) {
      const TotalVariationTerm own(plane, h, w, i, j);
      const float q = own.squared();
      sum += power.value(q);
      float g = -power.slope(q) * (own.u + own.v);
      if (j > 0) {
        const TotalVariationTerm left(plane, h, w, i, j - 1);
        g += power.slope(left.squared()) * left.u;
      }
      if (i > 0) {
        const TotalVariationTerm above(plane, h, w, i - 1, j);
        g += power.slope(above.squared()) * above.v;
      }
      d_x[row * w + j] += weight * g;
    }
  }
  sum = block_sum(sum, warps);
  if (threadIdx.x == 0) partials[blockIdx.x] = sum;
}

}  // namespace phosphene::kernels::cuda
