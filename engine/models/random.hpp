#pragma once
#include <cstdint>
#include <vector>

#include "phosphene/network.hpp"

namespace phosphene {

/// Normal deviates, two at a time, by Box and Muller out of splitmix64: std::normal_distribution
/// draws other ones with every standard library. Single precision, since a network has up to 1e8.
class Normal {
 public:
  explicit Normal(std::uint64_t seed) : state_(seed) {}

  /// The weight of a layer: N(0, 2 / fan_in) (He et al. 2015), fan_in all extents but the first.
  HostArray weight(std::vector<std::int64_t> shape);

 private:
  std::uint64_t bits();

  std::uint64_t state_;
};

}  // namespace phosphene
