#pragma once
#include <cstddef>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "engine/cone/clusters.hpp"
#include "engine/cone/plan.hpp"

namespace phosphene::cone {

inline std::size_t at(int index) { return static_cast<std::size_t>(index); }

/// The windows along one axis.
struct AxisWindows {
  std::vector<std::vector<Span>> spans;  ///< by interval, then map
  std::vector<int> interval_of;          ///< by window
  std::vector<SizeClass> classes;
  std::vector<int> class_of;  ///< by interval

  AxisWindows(const Steps& steps, std::span<const ops::Box> boxes, Axis axis) {
    std::map<std::pair<int, int>, int> intervals;
    std::map<std::vector<std::int64_t>, int> known;
    for (const ops::Box& box : boxes) {
      const int first = axis == Axis::rows ? box.top : box.left;
      const int size = axis == Axis::rows ? box.height : box.width;
      const auto [it, fresh] =
          intervals.try_emplace({first, size}, static_cast<int>(intervals.size()));
      if (fresh) {
        spans.push_back(steps.changed({first, std::int64_t{first} + size}, axis));
        std::vector<std::int64_t> sizes;
        for (const Span& span : spans.back()) sizes.push_back(span.size());
        const auto [known_it, fresh_class] =
            known.try_emplace(sizes, static_cast<int>(classes.size()));
        if (fresh_class) classes.push_back({sizes, 0});
        class_of.push_back(known_it->second);
      }
      interval_of.push_back(it->second);
      ++classes[at(class_of[at(it->second)])].windows;
    }
  }
};

}  // namespace phosphene::cone
