// What both versions of kernels/class_loss.hpp share: the losses that are linear in a few logits,
// over a smooth denominator or none.
#pragma once
#include <cmath>

#include "kernels/class_loss.hpp"

namespace phosphene::kernels {

/// A logit and its class; kNoClass stands after every class.
constexpr std::int32_t kNoClass = 0x7fffffff;
struct Logit {
  float z = -INFINITY;
  std::int32_t c = kNoClass;
};
/// The order of sorted logits. A NaN is before nothing.
PHOSPHENE_HOST_DEVICE inline bool before(Logit a, Logit b) {
  return a.z > b.z || (a.z == b.z && a.c < b.c);
}
/// The first four of the sorted logits, kNoClass where there are fewer classes.
struct TopLogits {
  Logit v[4];
  PHOSPHENE_HOST_DEVICE void add(Logit logit) {
    for (int k = 0; k < 4; ++k) {
      if (!before(logit, v[k])) continue;
      const Logit next = v[k];
      v[k] = logit;
      logit = next;
    }
  }
};

/// loss = numerator, or numerator / denominator; its gradient at class c is the sum of the weights
/// of those entries of `at` that are c.
struct ClassTerms {
  float loss = 0;
  std::int32_t at[5] = {kNoClass, kNoClass, kNoClass, kNoClass, kNoClass};
  float weight[5] = {0, 0, 0, 0, 0};

  PHOSPHENE_HOST_DEVICE float gradient(std::int64_t c) const {
    float sum = 0;
    for (int k = 0; k < 5; ++k) {
      if (at[k] == c) sum += weight[k];
    }
    return sum;
  }
};

/// z: the image's logits; own: the class whose margin counts (target or label).
PHOSPHENE_HOST_DEVICE inline ClassTerms class_terms(ClassLossKind kind, const float* z,
                                                    const TopLogits& top, std::int32_t label,
                                                    std::int32_t target) {
  const bool targeted = target >= 0;
  const std::int32_t own = targeted ? target : label;
  const Logit other = top.v[0].c == own ? top.v[1] : top.v[0];
  const float sign = targeted ? 1.0F : -1.0F;
  ClassTerms terms;
  terms.at[0] = own;
  terms.weight[0] = sign;
  if (kind == ClassLossKind::score) {
    terms.loss = sign * z[own];
    return terms;
  }
  // The margin: sign (z_own - z_other).
  terms.at[1] = other.c;
  terms.weight[1] = -sign;
  terms.loss = sign * (z[own] - other.z);
  if (kind != ClassLossKind::dlr) return terms;

  const bool enough = top.v[targeted ? 3 : 2].c != kNoClass;
  float below = top.v[2].z;
  if (targeted) {
    terms.at[1] = label;
    terms.loss = z[target] - z[label];
    below = 0.5F * (top.v[2].z + top.v[3].z);
  }
  const float denominator = top.v[0].z - below + 1e-12F;
  const float inverse = 1 / denominator;
  terms.loss *= inverse;
  terms.weight[0] *= inverse;
  terms.weight[1] *= inverse;
  const float through = terms.loss * inverse;  // d loss / d denominator = -through
  terms.at[2] = top.v[0].c;
  terms.weight[2] = -through;
  terms.at[3] = top.v[2].c;
  terms.weight[3] = targeted ? 0.5F * through : through;
  terms.at[4] = targeted ? top.v[3].c : kNoClass;
  terms.weight[4] = 0.5F * through;
  if (!enough) {
    terms = {};
    terms.loss = NAN;
  }
  return terms;
}

}  // namespace phosphene::kernels
