#include "kernels/cpu.hpp"
#include "kernels/interval.hpp"
#include "kernels/interval_ends.hpp"

namespace phosphene::kernels::cpu {

void interval_ball(const float* x, const float* eps, float* low, float* high, std::int64_t images,
                   std::int64_t each) {
#pragma omp parallel for if (images * each > kParallelFrom)
  for (std::int64_t n = 0; n < images; ++n) {
    for (std::int64_t i = n * each; i < (n + 1) * each; ++i) {
      const IntervalEnds e = interval_ends_of(x[i], eps[n], true);
      low[i] = e.low < 1 ? e.low : 1.0F;
      high[i] = e.high < 1 ? e.high : 1.0F;
    }
  }
}

void interval_middle(const float* low, const float* high, float* m, float* r, float a, float b,
                     std::int64_t count) {
#pragma omp parallel for if (count > kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i) {
    const IntervalMiddle x = interval_middle_of(low[i], high[i], a, b);
    m[i] = x.m;
    r[i] = x.r;
  }
}

void interval_ends(float* m_low, float* r_high, bool relu, std::int64_t count) {
#pragma omp parallel for if (count > kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i) {
    const IntervalEnds e = interval_ends_of(m_low[i], r_high[i], relu);
    m_low[i] = e.low;
    r_high[i] = e.high;
  }
}

void interval_margins(const float* low, const float* high, const float* w, const float* bias,
                      const std::int32_t* labels, float* lower, std::int64_t n,
                      std::int64_t classes, std::int64_t features, float s, float g) {
#pragma omp parallel for collapse(2) if (n * classes * features > kParallelFrom)
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < classes; ++j) {
      const std::int64_t y = labels[i];
      IntervalMargin margin;
      for (std::int64_t k = 0; k < features; ++k) {
        margin.add(interval_middle_of(low[i * features + k], high[i * features + k], 1, 0),
                   w[y * features + k], w[j * features + k], g);
      }
      lower[i * classes + j] = j == y ? 0.0F : margin.lower(bias[y], bias[j], s, g);
    }
  }
}

}  // namespace phosphene::kernels::cpu
