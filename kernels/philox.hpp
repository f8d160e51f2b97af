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

}  // namespace phosphene::kernels
