// What both versions of kernels/normal_noise.hpp share.
#pragma once
#include <cmath>

#include "kernels/normal_noise.hpp"

namespace phosphene::kernels {

/// N_4q .. N_4q+3
PHOSPHENE_HOST_DEVICE inline void normal_quad(std::int64_t q, NoiseKey key, float normal[4]) {
  const PhiloxWords words = noise_words(key, q);
  constexpr float kTwoPi = 6.2831853F;
  for (int k = 0; k < 4; k += 2) {
    const float u = static_cast<float>((words.v[k] >> 8) + 1) * 0x1p-24F;
    const float angle = kTwoPi * (static_cast<float>(words.v[k + 1] >> 8) * 0x1p-24F);
    const float radius = sqrtf(-2.0F * logf(u));
    normal[k] = radius * cosf(angle);
    normal[k + 1] = radius * sinf(angle);
  }
}

}  // namespace phosphene::kernels
