// Which classes a targeted attack tries.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace phosphene {

/// The `count` classes of the largest logits but one (-1: but none), the largest first, of equal
/// ones the first; all others where there are fewer. A NaN is the smallest of all.
inline std::vector<std::int64_t> next_classes(std::span<const float> logits, std::int64_t but,
                                              std::int64_t count) {
  std::vector<std::int64_t> order(logits.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::erase(order, but);
  const auto score = [&](std::int64_t k) {
    const float z = logits[static_cast<std::size_t>(k)];
    return std::isnan(z) ? -INFINITY : z;  // else the order would be none
  };
  const auto taken =
      std::min(static_cast<std::ptrdiff_t>(count), static_cast<std::ptrdiff_t>(order.size()));
  std::partial_sort(order.begin(), order.begin() + taken, order.end(),
                    [&](std::int64_t a, std::int64_t b) {
                      return score(a) > score(b) || (score(a) == score(b) && a < b);
                    });
  order.resize(static_cast<std::size_t>(taken));
  return order;
}

}  // namespace phosphene
