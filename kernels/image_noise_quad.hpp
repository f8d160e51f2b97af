// What both versions of kernels/image_noise.hpp share.
#pragma once
#include "kernels/image_noise.hpp"
#include "kernels/normal_quad.hpp"

namespace phosphene::kernels {

/// The noise of elements 4 q .. 4 q + 3.
template <bool kNormal>
PHOSPHENE_HOST_DEVICE inline void noise_quad(std::int64_t q, NoiseKey key, float noise[4]) {
  if constexpr (kNormal) {
    normal_quad(q, key, noise);
  } else {
    const PhiloxWords words = noise_words(key, q);
    for (int k = 0; k < 4; ++k) {
      noise[k] = static_cast<float>(words.v[k] >> 8) * 0x1p-23F - 1.0F;
    }
  }
}

}  // namespace phosphene::kernels
