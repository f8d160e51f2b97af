#include "kernels/adam.hpp"

#include <cmath>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

void adam(float* x, const float* g, float* m, float* v, std::int32_t* t, std::int64_t count,
          AdamParams params) {
  const int step = ++*t;
  const auto keep_m = static_cast<float>(params.b1), take_m = static_cast<float>(1 - params.b1);
  const auto keep_v = static_cast<float>(params.b2), take_v = static_cast<float>(1 - params.b2);
  const auto rate = static_cast<float>(params.rate / (1 - std::pow(params.b1, step)));
  const auto root = static_cast<float>(1 / std::sqrt(1 - std::pow(params.b2, step)));
#pragma omp parallel for simd if (parallel : count > kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i) {
    m[i] = keep_m * m[i] + take_m * g[i];
    v[i] = keep_v * v[i] + take_v * g[i] * g[i];
    x[i] -= rate * m[i] / (std::sqrt(v[i]) * root + params.eps);
  }
}

}  // namespace phosphene::kernels::cpu
