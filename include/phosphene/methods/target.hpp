#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace phosphene {

/// What a method explains: one neuron of a layer.
struct Target {
  std::string layer{};  ///< empty: the class scores, before any softmax
  /// -1: the strongest one. For class scores the channel is the class and there is one place.
  /// y and x are given together or not at all.
  std::int64_t channel = -1, y = -1, x = -1;
};

/// The neuron that it was in one image.
struct Neuron {
  std::int64_t channel = 0, y = 0, x = 0;
  float value = 0;
  bool operator==(const Neuron&) const = default;
};

}  // namespace phosphene
