// What both versions of kernels/fab_step.hpp do with one element, and with their sums.
#pragma once
#include <cmath>

#include "kernels/fab_step.hpp"

namespace phosphene::kernels {

/// How one element can move towards the plane.
template <bool kL2>
struct FabElement {
  float weight;     ///< |w|; 0 does not move
  float unit;       ///< u
  float room;       ///< r
  float direction;  ///< -sign(c w)

  PHOSPHENE_HOST_DEVICE FabElement(float w, float v, bool positive) {
    const float size = w < 0 ? -w : w;
    const bool moves = kL2 ? size >= 1e-8F : size > 0;
    const bool down = (w > 0) == positive;
    weight = moves ? size : 0.0F;
    unit = kL2 ? weight : 1.0F;
    room = !moves ? 0.0F : down ? v : 1.0F - v;
    direction = down ? -1.0F : 1.0F;
  }
  /// A weight of NaN or infinity too: no further than the end.
  PHOSPHENE_HOST_DEVICE bool ended(float m) const { return !(m * unit < room); }
  PHOSPHENE_HOST_DEVICE float length(float m) const { return ended(m) ? room : m * unit; }
};

/// The root of F(m) = |c|, as far as it is known.
struct FabRoot {
  float c = 0, m = 0;
  bool found = false;

  PHOSPHENE_HOST_DEVICE explicit FabRoot(float value) : c(value) {
    found = !(c - c == 0) || c == 0;  // NaN and infinity have no plane
  }
  FabRoot() = default;
  PHOSPHENE_HOST_DEVICE bool positive() const { return c > 0; }
  /// Newton's step: `ended` is the sum of |w| r over the elements at their end of the box, `slope`
  /// that of |w| u over the others.
  PHOSPHENE_HOST_DEVICE void improve(float ended, float slope) {
    if (found) return;
    const float next = slope > 0 ? (fabsf(c) - ended) / slope : INFINITY;
    if (next > m) {
      m = next;
    } else {
      found = true;
    }
    if (m == INFINITY) found = true;
  }
};

/// The share of x0, of the lengths of both projections.
PHOSPHENE_HOST_DEVICE inline float fab_alpha(float d, float d0, float alpha_max) {
  const float a = d > 1e-8F ? d : 1e-8F, b = d0 > 1e-8F ? d0 : 1e-8F;
  const float alpha = a / (a + b);
  return alpha < alpha_max ? alpha : alpha_max;
}

template <bool kL2>
PHOSPHENE_HOST_DEVICE inline float fab_point(float x, float x0, float w, const FabRoot& at_x,
                                             const FabRoot& at_x0, float alpha, float eta) {
  const FabElement<kL2> e(w, x, at_x.positive()), e0(w, x0, at_x0.positive());
  const float d = e.direction * e.length(at_x.m), d0 = e0.direction * e0.length(at_x0.m);
  const float v = (x + eta * d) * (1.0F - alpha) + (x0 + eta * d0) * alpha;
  return v < 0 ? 0.0F : v > 1 ? 1.0F : v;
}

}  // namespace phosphene::kernels
