#include "kernels/colour_map.hpp"

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

void colour_map(const float* x, const float* numbers, float* y, std::int64_t n,
                std::int64_t pixels) {
#pragma omp parallel for if (parallel : n * pixels > kParallelFrom)
  for (std::int64_t i = 0; i < n; ++i) {
    const float *m = numbers + i * kColourNumbers, *from = x + i * 3 * pixels;
    for (std::int64_t p = 0; p < pixels; ++p) {
      const float rgb[3] = {from[p], from[pixels + p], from[2 * pixels + p]};
      for (int c = 0; c < 3; ++c) {
        const float v = mapped_colour(m, rgb, c);
        y[(i * 3 + c) * pixels + p] = v < 0 ? 0 : v > 1 ? 1 : v;
      }
    }
  }
}

void colour_map_backward(const float* x, const float* numbers, const float* d_y, float* d_x,
                         std::int64_t n, std::int64_t pixels) {
#pragma omp parallel for if (parallel : n * pixels > kParallelFrom)
  for (std::int64_t i = 0; i < n; ++i) {
    const float *m = numbers + i * kColourNumbers, *from = x + i * 3 * pixels;
    for (std::int64_t p = 0; p < pixels; ++p) {
      const float rgb[3] = {from[p], from[pixels + p], from[2 * pixels + p]};
      float d[3] = {0, 0, 0};
      for (int c = 0; c < 3; ++c) {
        const float v = mapped_colour(m, rgb, c);
        if (v < 0 || v > 1) continue;
        for (int k = 0; k < 3; ++k) d[k] += m[3 * c + k] * d_y[(i * 3 + c) * pixels + p];
      }
      for (int k = 0; k < 3; ++k) d_x[(i * 3 + k) * pixels + p] = d[k];
    }
  }
}

}  // namespace phosphene::kernels::cpu
