#include "kernels/total_variation.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

// One row of one plane, and the row below it (the row itself where there is none: v = 0 then).
struct Row {
  const float* x;
  const float* below;
  std::int64_t w;
  float u(std::int64_t j) const { return j + 1 < w ? x[j + 1] - x[j] : 0.0F; }
  float v(std::int64_t j) const { return below[j] - x[j]; }
};

// The term (u^2 + v^2)^(beta / 2) and its derivative by u^2 + v^2, doubled.
struct Square {
  float value(float q) const { return q; }
  float slope(float) const { return 2.0F; }
};
struct Power {
  float half_beta;
  float value(float q) const { return q > 0 ? std::pow(q, half_beta) : q; }  // q: 0 or NaN
  float slope(float q) const { return q > 0 ? 2 * half_beta * std::pow(q, half_beta - 1) : q; }
};

// Each pixel gathers its gradient from its own term, its left neighbour's and its upper one's,
// so that rows are independent.
template <class Term>
float sum(const float* x, std::int64_t planes, std::int64_t h, std::int64_t w, float weight,
          Term term, float* d_x, float* scratch) {
  const std::int64_t grain = std::max<std::int64_t>(1, kSumGrain / std::max<std::int64_t>(1, w));
  return blocked_sum(planes * h, grain, scratch, [=](std::int64_t first, std::int64_t last) {
    double terms = 0;
    for (std::int64_t i = first; i < last; ++i) {
      const bool has_below = i % h + 1 < h, has_above = i % h > 0;
      const Row row{x + i * w, x + (has_below ? i + 1 : i) * w, w};
      const Row above{x + (i - (has_above ? 1 : 0)) * w, row.x, w};
      float left = 0;  // what the left neighbour's term sends to this pixel
      for (std::int64_t j = 0; j < w; ++j) {
        const float u = row.u(j), v = row.v(j), q = u * u + v * v;
        terms += term.value(q);
        const float slope = term.slope(q);
        float g = left - slope * (u + v);
        if (has_above) {
          const float up_u = above.u(j), up_v = above.v(j);
          g += term.slope(up_u * up_u + up_v * up_v) * up_v;
        }
        left = slope * u;
        d_x[i * w + j] += weight * g;
      }
    }
    return terms;
  });
}

}  // namespace

void total_variation(const float* x, std::int64_t planes, std::int64_t h, std::int64_t w,
                     float weight, float beta, float* d_x, float* scratch, float* loss) {
  if (planes * h * w == 0) return;
  const float terms = beta == 2 ? sum(x, planes, h, w, weight, Square{}, d_x, scratch)
                                : sum(x, planes, h, w, weight, Power{beta / 2}, d_x, scratch);
  *loss += weight * terms;
}

}  // namespace phosphene::kernels::cpu
