#pragma once
#include <cstddef>
#include <vector>

namespace phosphene {

/// A buffer and the first and last moment at which its contents matter.
struct Interval {
  std::size_t bytes = 0;
  int first = 0, last = 0;
};

struct MemoryPlan {
  std::vector<std::size_t> offsets;  ///< one for each interval, multiples of kAlignment
  std::size_t bytes = 0;             ///< of the arena that holds them all
  std::size_t unshared_bytes = 0;    ///< if every buffer had memory of its own
};

inline constexpr std::size_t kAlignment = 256;  // what cudaMalloc gives

/// Places buffers so that two share memory only if their lifetimes are disjoint. Largest first,
/// each into the smallest gap that holds it: within a few percent of the best on chains.
MemoryPlan plan_memory(const std::vector<Interval>& intervals);

}  // namespace phosphene
