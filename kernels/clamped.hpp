// How every kernel that moves pixels keeps them in bounds, so that the two devices agree on NaN.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {

/// A NaN in x fails both comparisons and stays, since a poisoned image must not turn into a
/// plausible one; one in a bound bounds nothing.
PHOSPHENE_HOST_DEVICE inline float clamped(float x, float low, float high) {
  return x < low ? low : x > high ? high : x;
}

}  // namespace phosphene::kernels
