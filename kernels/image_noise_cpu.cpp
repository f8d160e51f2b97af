#include "kernels/image_noise.hpp"

#include <algorithm>

#include "kernels/cpu.hpp"
#include "kernels/image_noise_quad.hpp"

namespace phosphene::kernels::cpu {
namespace {

template <bool kNormal>
void noise(const float* x, const float* scale, float* y, std::int64_t n, std::int64_t count,
           std::uint64_t seed, const ImageKey* keys) {
#pragma omp parallel for if (n * count > kParallelFrom)
  for (std::int64_t i = 0; i < n; ++i) {
    const float* from = x + i * count;
    float* to = y + i * count;
    if (scale[i] == 0) {
      if (from != to) std::copy_n(from, count, to);
      continue;
    }
    const NoiseKey key{seed, keys[i].image, keys[i].sample};
    for (std::int64_t q = 0; 4 * q < count; ++q) {
      float values[4];
      noise_quad<kNormal>(q, key, values);
      for (std::int64_t k = 4 * q; k < std::min(count, 4 * q + 4); ++k) {
        to[k] = from[k] + scale[i] * values[k % 4];
      }
    }
  }
}

}  // namespace

void image_uniform_noise(const float* x, const float* scale, float* y, std::int64_t n,
                         std::int64_t count, std::uint64_t seed, const ImageKey* keys) {
  noise<false>(x, scale, y, n, count, seed, keys);
}

void image_normal_noise(const float* x, const float* scale, float* y, std::int64_t n,
                        std::int64_t count, std::uint64_t seed, const ImageKey* keys) {
  noise<true>(x, scale, y, n, count, seed, keys);
}

}  // namespace phosphene::kernels::cpu
