// Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011): four random words out of a counter and a key,
// with no state, so that any element of any stream is had on its own, in any order, on any device.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {

struct PhiloxWords {
  std::uint32_t v[4];
};

PHOSPHENE_HOST_DEVICE inline PhiloxWords philox(PhiloxWords counter, std::uint64_t key) {
  auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  PhiloxWords c = counter;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53U} * c.v[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * c.v[2];
    c = {{static_cast<std::uint32_t>(b >> 32) ^ c.v[1] ^ k0, static_cast<std::uint32_t>(b),
          static_cast<std::uint32_t>(a >> 32) ^ c.v[3] ^ k1, static_cast<std::uint32_t>(a)}};
    k0 += 0x9E3779B9U;  // the golden ratio and sqrt 3 - 1
    k1 += 0xBB67AE85U;
  }
  return c;
}

/// Whose noise it is: element i gets word i % 4 of counter {i / 4, sample, image}, key `seed`.
struct NoiseKey {
  std::uint64_t seed = 0, image = 0;
  std::uint32_t sample = 0;
};

/// The words of elements 4 q .. 4 q + 3; q < 2^32.
PHOSPHENE_HOST_DEVICE inline PhiloxWords noise_words(NoiseKey key, std::int64_t q) {
  return philox({{static_cast<std::uint32_t>(q), key.sample, static_cast<std::uint32_t>(key.image),
                  static_cast<std::uint32_t>(key.image >> 32)}},
                key.seed);
}

/// Uniform in [0, 1): the upper 24 bits of the element's word, which a float holds exactly.
PHOSPHENE_HOST_DEVICE inline float uniform_noise(NoiseKey key, std::int64_t i) {
  return static_cast<float>(noise_words(key, i / 4).v[i % 4] >> 8) * 0x1p-24F;
}

}  // namespace phosphene::kernels
