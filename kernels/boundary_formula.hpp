// What both versions of kernels/boundary.hpp share.
#pragma once
#include <cmath>

#include "kernels/boundary.hpp"
#include "kernels/clamped.hpp"
#include "kernels/normal_quad.hpp"

namespace phosphene::kernels {

/// Elements 4 q .. 4 q + 3 of a random direction.
PHOSPHENE_HOST_DEVICE inline void direction_quad(BoundaryNorm norm, NoiseKey key, std::int64_t q,
                                                 float r[4]) {
  if (norm == BoundaryNorm::l2) {
    normal_quad(q, key, r);
    return;
  }
  const PhiloxWords words = noise_words(key, q);
  for (int k = 0; k < 4; ++k) r[k] = static_cast<float>(words.v[k] >> 8) * 0x1p-23F - 1.0F;
}

/// Element i of a query's image. `r` is the direction's, `length` its length.
PHOSPHENE_HOST_DEVICE inline float boundary_element(const BoundaryImages& images, BoundaryNorm norm,
                                                    const BoundaryQuery& query, NoiseKey key,
                                                    std::int64_t i, float r, float length) {
  const std::int64_t at = query.slot * images.size + i;
  const float x0 = images.original[at], a = query.amount;
  switch (query.kind) {
    case BoundaryKind::original:
      return x0;
    case BoundaryKind::candidate:
      return images.candidate[at];
    case BoundaryKind::noise:
      return clamped(x0 + a * (uniform_noise(key, i) - x0), 0, 1);
    case BoundaryKind::blend:
      if (norm == BoundaryNorm::linf) return clamped(images.candidate[at], x0 - a, x0 + a);
      return clamped(x0 + a * (images.candidate[at] - x0), 0, 1);
    case BoundaryKind::step:
      return clamped(images.point[at] + a * images.direction[at], 0, 1);
    case BoundaryKind::direction:
      break;
  }
  return clamped(images.point[at] + a / length * r, 0, 1);
}

PHOSPHENE_HOST_DEVICE inline float unit_of(float w, float length, BoundaryNorm norm) {
  if (norm == BoundaryNorm::linf) return w > 0 ? 1.0F : w < 0 ? -1.0F : 0.0F;
  return length > 0 ? w / length : 0.0F;
}

}  // namespace phosphene::kernels
