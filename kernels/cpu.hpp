// What the CPU kernels share: when a team of threads pays, and sums that repeat bit for bit.
#pragma once
#include <algorithm>
#include <cstdint>

#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {

/// Below this many elements waking the threads costs more than they save.
constexpr std::int64_t kParallelFrom = 1 << 15;

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// The sum of block_sum(first, last) over blocks of [0, count) of at least `grain` items. The
/// blocks follow from count and grain alone, so the result does not depend on the number of
/// threads. block_sum returns a double; scratch holds kReductionScratch floats.
template <class BlockSum>
float blocked_sum(std::int64_t count, std::int64_t grain, float* scratch, BlockSum block_sum) {
  const std::int64_t size = std::max(grain, ceil_div(count, kReductionScratch));
  const std::int64_t blocks = ceil_div(count, size);
#pragma omp parallel for schedule(static) if (blocks > 1)
  for (std::int64_t b = 0; b < blocks; ++b) {
    scratch[b] = static_cast<float>(block_sum(b * size, std::min(count, (b + 1) * size)));
  }
  double sum = 0;
  for (std::int64_t b = 0; b < blocks; ++b) sum += scratch[b];
  return static_cast<float>(sum);
}

/// The grain of sums over single elements.
constexpr std::int64_t kSumGrain = 1 << 13;

}  // namespace phosphene::kernels::cpu
