#pragma once
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

#include "phosphene/network.hpp"

namespace phosphene {

/// Normal deviates by Box and Muller: the same on every standard library, which
/// std::normal_distribution is not.
class Normal {
 public:
  explicit Normal(std::uint64_t seed) : bits_(seed) {}
  float operator()() {
    const double u = 1 - uniform(), v = uniform();
    return static_cast<float>(std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v));
  }

  /// The weight of a layer: N(0, 2 / fan_in) (He et al. 2015), fan_in all extents but the first.
  HostArray weight(std::vector<std::int64_t> shape) {
    std::int64_t fan_in = 1;
    for (std::size_t i = 1; i < shape.size(); ++i) fan_in *= shape[i];
    const float scale = std::sqrt(2.0F / static_cast<float>(fan_in));
    HostArray array{std::move(shape), {}};
    array.values.resize(static_cast<std::size_t>(array.shape[0] * fan_in));
    for (float& value : array.values) value = scale * (*this)();
    return array;
  }

 private:
  double uniform() { return static_cast<double>(bits_() >> 11) * 0x1p-53; }
  std::mt19937_64 bits_;
};

}  // namespace phosphene
