#include "engine/session/memory_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace phosphene {
namespace {

bool share(const Interval& a, std::size_t at_a, const Interval& b, std::size_t at_b) {
  return at_a < at_b + b.bytes && at_b < at_a + a.bytes;
}

/// The most that is alive at one moment: no plan can take less.
std::size_t lower_bound_of(const std::vector<Interval>& intervals) {
  std::size_t most = 0;
  for (const Interval& at : intervals) {
    std::size_t alive = 0;
    for (const Interval& i : intervals) {
      if (i.first <= at.first && at.first <= i.last) {
        alive += (i.bytes + kAlignment - 1) / kAlignment * kAlignment;
      }
    }
    most = std::max(most, alive);
  }
  return most;
}

TEST(MemoryPlan, ChainTakesTheTwoLargestNeighbours) {
  const std::vector<Interval> chain{{1024, 0, 1}, {2048, 1, 2}, {512, 2, 3}, {256, 3, 4}};
  const MemoryPlan plan = plan_memory(chain);
  EXPECT_EQ(plan.bytes, 3072U);
  EXPECT_EQ(plan.unshared_bytes, 3840U);
}

TEST(MemoryPlan, BuffersAliveTogetherNeverShare) {
  std::mt19937 bits(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Interval> intervals;
    for (int i = 0; i < 40; ++i) {
      const int first = static_cast<int>(bits() % 50);
      intervals.push_back({bits() % 5000, first, first + static_cast<int>(bits() % 10)});
    }
    const MemoryPlan plan = plan_memory(intervals);
    for (std::size_t a = 0; a < intervals.size(); ++a) {
      EXPECT_EQ(plan.offsets[a] % kAlignment, 0U);
      EXPECT_LE(plan.offsets[a] + intervals[a].bytes, plan.bytes);
      for (std::size_t b = 0; b < a; ++b) {
        const bool together =
            intervals[a].first <= intervals[b].last && intervals[b].first <= intervals[a].last;
        EXPECT_FALSE(together &&
                     share(intervals[a], plan.offsets[a], intervals[b], plan.offsets[b]));
      }
    }
    // First-fit by size is within twice the optimum on intervals; random ones do far better.
    EXPECT_LE(plan.bytes, 2 * lower_bound_of(intervals));
  }
}

TEST(MemoryPlan, NothingTakesNothing) {
  EXPECT_EQ(plan_memory({}).bytes, 0U);
  EXPECT_EQ(plan_memory({{0, 0, 5}, {0, 2, 3}}).bytes, 0U);
}

}  // namespace
}  // namespace phosphene
