// One warp an image: its lanes run over the classes side by side, and each keeps the first four of
// its own logits. Four rounds of shuffles then merge the lists: the lane whose head comes first
// gives it to all and goes on to its next.
#pragma once
#include "kernels/class_loss_terms.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

__device__ inline Logit warp_first(Logit mine) {
  for (int step = kWarp / 2; step > 0; step /= 2) {
    const Logit other{__shfl_xor_sync(kFullWarp, mine.z, step),
                      __shfl_xor_sync(kFullWarp, mine.c, step)};
    if (before(other, mine)) mine = other;
  }
  return mine;
}

/// The first four of all lanes' lists, in every lane.
__device__ inline TopLogits warp_top(TopLogits mine) {
  TopLogits all;
#pragma unroll
  for (int k = 0; k < 4; ++k) {
    all.v[k] = warp_first(mine.v[0]);
    if (all.v[k].c == mine.v[0].c) {
      mine.v[0] = mine.v[1];
      mine.v[1] = mine.v[2];
      mine.v[2] = mine.v[3];
      mine.v[3] = {};
    }
  }
  return all;
}

__global__ void class_loss_kernel(const float* logits, const std::int32_t* label,
                                  const std::int32_t* target, ClassLossKind kind, std::int64_t n,
                                  std::int64_t classes, ClassLossResult result) {
  const std::int64_t lane = grid_thread() % kWarp;
  for (std::int64_t i = grid_thread() / kWarp; i < n; i += grid_threads() / kWarp) {
    const float* z = logits + i * classes;
    float* d_z = result.d_logits + i * classes;
    int nans = 0, infinities = 0;
    TopLogits top;
    for (std::int64_t c = lane; c < classes; c += kWarp) {
      nans += z[c] != z[c] ? 1 : 0;
      infinities += fabsf(z[c]) == INFINITY ? 1 : 0;
      top.add({z[c], static_cast<std::int32_t>(c)});
    }
    nans = warp_sum(nans);
    infinities = warp_sum(infinities);
    top = warp_top(top);
    const std::int32_t y = label[i], t = target[i], own = t >= 0 ? t : y;
    const float margin = class_terms(ClassLossKind::margin, z, top, y, t).loss;
    const bool finite = nans + infinities == 0;
    const bool entropy = finite && kind == ClassLossKind::cross_entropy;
    const float largest = top.v[0].z, sign = t >= 0 ? -1.0F : 1.0F;

    float others = 0;
    for (std::int64_t c = lane; entropy && c < classes; c += kWarp) {
      if (c != own) others += expf(z[c] - largest);
    }
    others = warp_sum(others);
    ClassTerms terms;
    terms.loss = NAN;
    if (finite && !entropy) terms = class_terms(kind, z, top, y, t);
    const float sum = entropy ? others + expf(z[own] - largest) : 1.0F;
    if (entropy) terms.loss = sign * (logf(sum) - (z[own] - largest));
    for (std::int64_t c = lane; c < classes; c += kWarp) {
      d_z[c] = !entropy   ? terms.gradient(c)
               : c == own ? -sign * others / sum
                          : sign * expf(z[c] - largest) / sum;
    }
    if (lane == 0) {
      result.losses[i] = terms.loss;
      result.margins[i] = nans > 0 ? NAN : margin;
      result.predictions[i] = nans > 0 ? -1 : top.v[0].c;
    }
  }
}

}  // namespace phosphene::kernels::cuda
