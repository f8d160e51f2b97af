// A row of blocks an image, one thread four elements, as many as one counter gives. The keys of
// kKeys images are an argument of the launch: 1.5 KiB of the 4 KiB that it may have.
#pragma once
#include "kernels/image_noise_quad.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

constexpr int kKeys = 96;
struct ImageKeys {
  ImageKey v[kKeys];
};

template <bool kNormal>
__global__ void image_noise_kernel(const float* x, const float* scale, float* y, std::int64_t count,
                                   std::uint64_t seed, ImageKeys keys) {
  const ImageKey image = keys.v[blockIdx.y];
  const NoiseKey key{seed, image.image, image.sample};
  const float size = scale[blockIdx.y];
  const std::int64_t first = std::int64_t{blockIdx.y} * count;
  for (std::int64_t q = grid_thread(); 4 * q < count; q += grid_threads()) {
    float noise[4] = {0, 0, 0, 0};
    if (size != 0) noise_quad<kNormal>(q, key, noise);
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const std::int64_t at = first + 4 * q + k;
      if (4 * q + k < count) y[at] = size != 0 ? x[at] + size * noise[k] : x[at];
    }
  }
}

}  // namespace phosphene::kernels::cuda
