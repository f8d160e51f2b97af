#include "kernels/reduce.hpp"

#include <cmath>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

void dot(const float* x, const float* y, std::int64_t count, float* scratch, float* result) {
  *result = blocked_sum(count, kSumGrain, scratch, [=](std::int64_t first, std::int64_t last) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = first; i < last; ++i) {
      sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
    }
    return sum;
  });
}

void abs_sum(const float* x, std::int64_t count, float* scratch, float* result) {
  *result = blocked_sum(count, kSumGrain, scratch, [=](std::int64_t first, std::int64_t last) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = first; i < last; ++i) sum += std::fabs(x[i]);
    return sum;
  });
}

}  // namespace phosphene::kernels::cpu
