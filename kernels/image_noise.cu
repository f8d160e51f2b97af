#include "kernels/image_noise.cuh"

#include <algorithm>

#include "kernels/image_grid.hpp"

namespace phosphene::kernels::cuda {
namespace {

template <bool kNormal>
void noise(Stream stream, const float* x, const float* scale, float* y, std::int64_t n,
           std::int64_t count, std::uint64_t seed, const ImageKey* keys) {
  if (count == 0) return;
  for (std::int64_t first = 0; first < n; first += kKeys) {
    const std::int64_t images = std::min<std::int64_t>(kKeys, n - first);
    ImageKeys part{};
    std::copy_n(keys + first, images, part.v);
    launch("image_noise", image_noise_kernel<kNormal>,
           image_blocks(images, (count + 3) / 4, kBlock), kBlock, 0, stream, x + first * count,
           scale + first, y + first * count, count, seed, part);
  }
}

}  // namespace

void image_uniform_noise(Stream stream, const float* x, const float* scale, float* y,
                         std::int64_t n, std::int64_t count, std::uint64_t seed,
                         const ImageKey* keys) {
  noise<false>(stream, x, scale, y, n, count, seed, keys);
}

void image_normal_noise(Stream stream, const float* x, const float* scale, float* y, std::int64_t n,
                        std::int64_t count, std::uint64_t seed, const ImageKey* keys) {
  noise<true>(stream, x, scale, y, n, count, seed, keys);
}

}  // namespace phosphene::kernels::cuda
