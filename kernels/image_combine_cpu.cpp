#include "kernels/image_combine.hpp"

#include <cmath>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

/// y = a x + b y over one image.
void combine(float a, const float* x, float b, float* y, std::int64_t count) {
  if (a == 0 && b == 0) {
    for (std::int64_t k = 0; k < count; ++k) y[k] = 0;
  } else if (b == 0) {
#pragma omp simd
    for (std::int64_t k = 0; k < count; ++k) y[k] = a * x[k];
  } else if (a == 0) {
#pragma omp simd
    for (std::int64_t k = 0; k < count; ++k) y[k] *= b;
  } else {
#pragma omp simd
    for (std::int64_t k = 0; k < count; ++k) y[k] = a * x[k] + b * y[k];
  }
}

}  // namespace

void image_combine(const float* a, const float* x, const float* b, float* y, std::int64_t n,
                   std::int64_t count) {
#pragma omp parallel for if (n * count > kParallelFrom)
  for (std::int64_t i = 0; i < n; ++i) combine(a[i], x + i * count, b[i], y + i * count, count);
}

void image_accumulate(const float* x, const float* norms, const float* momentum, float* y,
                      std::int64_t n, std::int64_t count) {
#pragma omp parallel for if (n * count > kParallelFrom)
  for (std::int64_t i = 0; i < n; ++i) {
    const float scale = norms[i] > 0 && std::isfinite(norms[i]) ? 1 / norms[i] : 0;
    combine(scale, x + i * count, momentum[i], y + i * count, count);
  }
}

void image_select(const float* chosen, const float* x, float* y, std::int64_t n,
                  std::int64_t count) {
#pragma omp parallel for if (n * count > kParallelFrom)
  for (std::int64_t i = 0; i < n; ++i) {
    if (chosen[i] == 0) continue;
    for (std::int64_t k = i * count; k < (i + 1) * count; ++k) y[k] = x[k];
  }
}

}  // namespace phosphene::kernels::cpu
