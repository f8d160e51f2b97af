// One thread four elements, as many as one counter gives. A warp's four stores of every fourth
// element fill the same cache lines, and what costs are the rounds and the logarithms.
#pragma once
#include "kernels/normal_quad.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

__global__ void normal_noise_kernel(const float* x, float* y, std::int64_t count, float sigma,
                                    NoiseKey key) {
  for (std::int64_t q = grid_thread(); 4 * q < count; q += grid_threads()) {
    float normal[4];
    normal_quad(q, key, normal);
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const std::int64_t i = 4 * q + k;
      if (i < count) y[i] = x[i] + sigma * normal[k];
    }
  }
}

}  // namespace phosphene::kernels::cuda
