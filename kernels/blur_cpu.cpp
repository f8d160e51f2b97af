#include "kernels/blur.hpp"

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

void blur(const float* x, const float* weights, int radius, float* t, float* y, Maps maps) {
  const std::int64_t rows = maps.n * maps.c * maps.h, plane = maps.h * maps.w;
  const auto weights_of = [&](std::int64_t row) {
    return weights + row / (maps.c * maps.h) * (radius + 1);
  };
#pragma omp parallel for if (parallel : maps.count() > kParallelFrom)
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t j = 0; j < maps.w; ++j) {
      t[row * maps.w + j] = blurred(x + row * maps.w, weights_of(row), radius, maps.w, 1, j);
    }
  }
#pragma omp parallel for if (parallel : maps.count() > kParallelFrom)
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t j = 0; j < maps.w; ++j) {
      y[row * maps.w + j] = blurred(t + row / maps.h * plane + j, weights_of(row), radius, maps.h,
                                    maps.w, row % maps.h);
    }
  }
}

}  // namespace phosphene::kernels::cpu
