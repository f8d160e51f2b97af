#include "kernels/median.hpp"

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

void median(const float* x, int size, std::int32_t* choice, float* y, std::int64_t planes,
            std::int64_t h, std::int64_t w) {
#pragma omp parallel for if (parallel : planes * h * w * size > kParallelFrom)
  for (std::int64_t row = 0; row < planes * h; ++row) {
    const float* plane = x + row / h * h * w;
    for (std::int64_t j = 0; j < w; ++j) {
      const std::int64_t place = median_place(plane, h, w, size, row % h, j);
      choice[row * w + j] = static_cast<std::int32_t>(place);
      y[row * w + j] = plane[place];
    }
  }
}

void median_backward(const std::int32_t* choice, const float* d_y, int size, float* d_x,
                     std::int64_t planes, std::int64_t h, std::int64_t w) {
#pragma omp parallel for if (parallel : planes * h * w * size > kParallelFrom)
  for (std::int64_t row = 0; row < planes * h; ++row) {
    const std::int64_t start = row / h * h * w;
    for (std::int64_t j = 0; j < w; ++j) {
      d_x[row * w + j] = median_gather(choice + start, d_y + start, h, w, size, row % h, j);
    }
  }
}

}  // namespace phosphene::kernels::cpu
