#include "engine/session/memory_plan.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace phosphene {
namespace {

std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

bool overlap(const Interval& a, const Interval& b) {
  return a.first <= b.last && b.first <= a.last;
}

/// The offset of the smallest gap of at least `bytes` between the sorted spans, or their end.
std::size_t best_gap(const std::vector<std::pair<std::size_t, std::size_t>>& spans,
                     std::size_t bytes) {
  std::size_t end = 0, best = 0, best_size = std::numeric_limits<std::size_t>::max();
  for (const auto& [from, to] : spans) {
    if (from > end && from - end >= bytes && from - end < best_size) {
      best = end;
      best_size = from - end;
    }
    end = std::max(end, to);
  }
  return best_size == std::numeric_limits<std::size_t>::max() ? end : best;
}

}  // namespace

MemoryPlan plan_memory(const std::vector<Interval>& intervals) {
  std::vector<std::size_t> order(intervals.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return intervals[a].bytes > intervals[b].bytes; });

  MemoryPlan plan;
  plan.offsets.resize(intervals.size());
  std::vector<std::size_t> placed;
  for (std::size_t i : order) {
    const std::size_t bytes = aligned(intervals[i].bytes);
    std::vector<std::pair<std::size_t, std::size_t>> busy;
    for (std::size_t j : placed) {
      if (overlap(intervals[i], intervals[j])) {
        busy.emplace_back(plan.offsets[j], plan.offsets[j] + aligned(intervals[j].bytes));
      }
    }
    std::ranges::sort(busy);
    plan.offsets[i] = best_gap(busy, bytes);
    plan.bytes = std::max(plan.bytes, plan.offsets[i] + bytes);
    plan.unshared_bytes += bytes;
    placed.push_back(i);
  }
  return plan;
}

}  // namespace phosphene
