#include "kernels/chambolle.hpp"

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

void chambolle_step(const float* x, const float* p, float weight, float* next, std::int64_t planes,
                    std::int64_t h, std::int64_t w) {
  const std::int64_t pixels = h * w;
  const float inverse = 1 / weight;
#pragma omp parallel for if (parallel : planes * pixels > kParallelFrom)
  for (std::int64_t row = 0; row < planes * h; ++row) {
    const std::int64_t plane = row / h, i = row % h;
    float* to = next + 2 * plane * pixels + i * w;
    for (std::int64_t j = 0; j < w; ++j) {
      chambolle_update(x + plane * pixels, p + 2 * plane * pixels, inverse, h, w, i, j, to + j,
                       to + pixels + j);
    }
  }
}

void chambolle_result(const float* x, const float* p, float weight, float* u, std::int64_t planes,
                      std::int64_t h, std::int64_t w) {
  const std::int64_t pixels = h * w;
#pragma omp parallel for if (parallel : planes * pixels > kParallelFrom)
  for (std::int64_t row = 0; row < planes * h; ++row) {
    const float* field = p + 2 * (row / h) * pixels;
    for (std::int64_t j = 0; j < w; ++j) {
      u[row * w + j] = x[row * w + j] - weight * chambolle_divergence(field, h, w, row % h, j);
    }
  }
}

}  // namespace phosphene::kernels::cpu
