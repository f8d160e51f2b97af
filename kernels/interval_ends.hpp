// The arithmetic that both versions of kernels/interval.hpp share.
//
// fl(m - r) is m - r but for a factor 1 + d, |d| <= u = 2^-24. Four u of its size are taken off, of
// which the subtraction's own rounding gives back at most one: at least two u are left where one
// was needed. kIntervalTiny covers what underflows, in here and in a sum of up to 2^17 products.
#pragma once
#include <cmath>

#include "kernels/common.hpp"

namespace phosphene::kernels {

/// Beyond it a bound is none. So far below the largest float that no sum inside a layer whose
/// bounds keep to it can overflow.
constexpr float kIntervalLimit = 1e30F;
constexpr float kIntervalOutward = 0x1p-22F;
constexpr float kIntervalTiny = 0x1p-100F;

struct IntervalEnds {
  float low, high;
};

PHOSPHENE_HOST_DEVICE inline IntervalEnds interval_ends_of(float m, float r, bool relu) {
  IntervalEnds e{-INFINITY, INFINITY};
  if (fabsf(m) + r <= kIntervalLimit) {  // not of NaN
    e.low = m - r;
    e.high = m + r;
    e.low -= fabsf(e.low) * kIntervalOutward + kIntervalTiny;
    e.high += fabsf(e.high) * kIntervalOutward + kIntervalTiny;
  }
  if (relu) {
    e.low = e.low > 0 ? e.low : 0.0F;
    e.high = e.high > 0 ? e.high : 0.0F;
  }
  return e;
}

struct IntervalMiddle {
  float m, r;
};

/// The middle may be any number, as long as the radius is counted from there. Its own three
/// roundings are the caller's to cover, in `a`.
PHOSPHENE_HOST_DEVICE inline IntervalMiddle interval_middle_of(float low, float high, float a,
                                                               float b) {
  if (!(low >= -kIntervalLimit && high <= kIntervalLimit)) return {0.0F, INFINITY};
  const float m = 0.5F * low + 0.5F * high;
  const float up = high - m, down = m - low;
  return {m, a * (up > down ? up : down) + b * fabsf(m)};
}

/// What one feature adds to a margin: the middle of (W_y - W_j) x, and the radius around it.
struct IntervalMargin {
  float middle = 0, radius = 0;

  PHOSPHENE_HOST_DEVICE void add(IntervalMiddle x, float w_y, float w_j, float g) {
    const float d = w_y - w_j;
    middle += d * x.m;
    radius += fabsf(d) * x.r + g * (fabsf(w_y) + fabsf(w_j)) * (fabsf(x.m) + x.r);
  }
  PHOSPHENE_HOST_DEVICE float lower(float bias_y, float bias_j, float s, float g) const {
    const float rest = g * (fabsf(bias_y) + fabsf(bias_j));
    return interval_ends_of(middle + (bias_y - bias_j), s * (radius + rest), false).low;
  }
};

}  // namespace phosphene::kernels
