#include "kernels/normal_noise.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void add_normal_noise(Stream stream, const float* x, float* y, std::int64_t count, float sigma,
                      NoiseKey key) {
  if (count == 0) return;
  launch("add_normal_noise", normal_noise_kernel, blocks_for((count + 3) / 4, kBlock), kBlock, 0,
         stream, x, y, count, sigma, key);
}

}  // namespace phosphene::kernels::cuda
