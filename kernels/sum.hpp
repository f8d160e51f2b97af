// The launchers that go with sum.cuh, for other launchers; only a .cu includes it.
#pragma once
#include <algorithm>

#include "kernels/launch.hpp"
#include "kernels/sum.cuh"

namespace phosphene::kernels::cuda {

/// Adds the first `count` partial sums of scratch.
template <bool kAccumulate>
void total(const char* name, Stream stream, const float* scratch, int count, float factor,
           float* result) {
  launch(name, total_kernel<kAccumulate>, 1, kBlock, 0, stream, scratch, count, factor, result);
}

/// result = factor (or += factor, if kAccumulate) times the sum of the terms; `packed` if their
/// arrays may be read in packs of kWidth. Without terms the sum is 0.
template <int kWidth, bool kAccumulate, class Term>
void sum(const char* name, Stream stream, std::int64_t count, Term term, bool packed,
         float* scratch, float factor, float* result) {
  const std::int64_t wanted = ceil_div(count, std::int64_t{kBlock} * kWidth);
  const int blocks = static_cast<int>(std::min<std::int64_t>(kSumBlocks, wanted));
  if (blocks > 0) {
    const auto kernel = packed ? partial_sums_kernel<kWidth, Term> : partial_sums_kernel<1, Term>;
    launch(name, kernel, static_cast<unsigned>(blocks), kBlock, 0, stream, count, term, scratch);
  }
  total<kAccumulate>(name, stream, scratch, blocks, factor, result);
}

}  // namespace phosphene::kernels::cuda
