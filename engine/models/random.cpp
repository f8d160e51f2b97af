#include "engine/models/random.hpp"

#include <cmath>
#include <numbers>
#include <utility>

namespace phosphene {

std::uint64_t Normal::bits() {
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

HostArray Normal::weight(std::vector<std::int64_t> shape) {
  std::int64_t fan_in = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) fan_in *= shape[i];
  const float scale = std::sqrt(2.0F / static_cast<float>(fan_in));
  HostArray array{std::move(shape), {}};
  std::vector<float>& values = array.values;
  values.resize(static_cast<std::size_t>(array.shape[0] * fan_in));
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const std::uint64_t z = bits();
    // In (0, 1] and [0, 1), as fine as float is.
    const float u = static_cast<float>((z >> 40) + 1) * 0x1p-24F;
    const float v = static_cast<float>((z >> 16) & 0xFFFFFF) * 0x1p-24F;
    const float radius = scale * std::sqrt(-2 * std::log(u));
    const float angle = 2 * std::numbers::pi_v<float> * v;
    values[i] = radius * std::cos(angle);
    if (i + 1 < values.size()) values[i + 1] = radius * std::sin(angle);
  }
  return array;
}

}  // namespace phosphene
