// Which classes a targeted attack tries.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace phosphene {

/// The `count` classes of the largest logits but the true one, the largest first, of equal ones the
/// first; all others where there are fewer.
inline std::vector<std::int64_t> next_classes(std::span<const float> logits, std::int64_t label,
                                              std::int64_t count) {
  std::vector<std::int64_t> order(logits.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  order.erase(order.begin() + label);
  const auto taken =
      std::min(static_cast<std::ptrdiff_t>(count), static_cast<std::ptrdiff_t>(order.size()));
  std::partial_sort(order.begin(), order.begin() + taken, order.end(),
                    [&](std::int64_t a, std::int64_t b) {
                      const float of_a = logits[static_cast<std::size_t>(a)],
                                  of_b = logits[static_cast<std::size_t>(b)];
                      return of_a > of_b || (of_a == of_b && a < b);
                    });
  order.resize(static_cast<std::size_t>(taken));
  return order;
}

}  // namespace phosphene
