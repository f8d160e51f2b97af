#include "kernels/normal_noise.hpp"

#include <algorithm>

#include "kernels/cpu.hpp"
#include "kernels/normal_quad.hpp"

namespace phosphene::kernels::cpu {

void add_normal_noise(const float* x, float* y, std::int64_t count, float sigma, NoiseKey key) {
#pragma omp parallel for if (count > kParallelFrom)
  for (std::int64_t q = 0; q < ceil_div(count, 4); ++q) {
    float normal[4];
    normal_quad(q, key, normal);
    for (std::int64_t i = 4 * q; i < std::min(count, 4 * q + 4); ++i) {
      y[i] = x[i] + sigma * normal[i % 4];
    }
  }
}

}  // namespace phosphene::kernels::cpu
