#include "kernels/linf_penalty.hpp"

#include <cmath>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

void linf_penalty(const float* x, const float* x0, float lambda, const float* slack, float* d_x,
                  std::int64_t n, std::int64_t count) {
#pragma omp parallel for if (n * count > kParallelFrom)
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t first = i * count, last = first + count;
    const auto distance = [=](std::int64_t k) { return std::fabs(x[k] - x0[k]); };
    float largest = 0;
    bool defined = true;
    for (std::int64_t k = first; k < last; ++k) {
      const float d = distance(k);
      defined = defined && !std::isnan(d);
      if (d > largest) largest = d;
    }
    if (!defined || largest == 0) continue;
    const float least = largest - slack[i];
    const auto shares = [=](std::int64_t k) { return distance(k) > 0 && distance(k) >= least; };
    std::int64_t sharers = 0;
    for (std::int64_t k = first; k < last; ++k) sharers += shares(k) ? 1 : 0;
    const float share = lambda / static_cast<float>(sharers);
    for (std::int64_t k = first; k < last; ++k) {
      if (shares(k)) d_x[k] -= std::copysign(share, x[k] - x0[k]);
    }
  }
}

}  // namespace phosphene::kernels::cpu
