#include "kernels/quantise.hpp"

#include <cmath>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

void quantise(const float* x, float levels, float* y, std::int64_t count) {
#pragma omp parallel for simd if (parallel : count > kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i) {
    const float v = x[i] < 0 ? 0 : x[i] > 1 ? 1 : x[i];
    y[i] = std::rint(v * levels) / levels;
  }
}

}  // namespace phosphene::kernels::cpu
