#include "kernels/sign_step.hpp"

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {
// NaN stays NaN: a poisoned image must not turn into a plausible one.
float clamp(float x, float low, float high) { return x < low ? low : x > high ? high : x; }
}  // namespace

void sign_step(float* x, const float* x0, const float* g, float alpha, float epsilon,
               std::int64_t count) {
#pragma omp parallel for simd if (parallel : count > kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i) {
    const float step = g[i] > 0 ? alpha : g[i] < 0 ? -alpha : 0.0F;
    x[i] = clamp(clamp(x[i] + step, x0[i] - epsilon, x0[i] + epsilon), 0.0F, 1.0F);
  }
}

}  // namespace phosphene::kernels::cpu
