#include "kernels/deepfool.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

constexpr std::int64_t kPiece = 1 << 13;  // pixels that one thread takes at a time

float sign(float x) { return x > 0 ? 1.0F : x < 0 ? -1.0F : 0.0F; }
// NaN stays NaN: a poisoned image must not turn into a plausible one.
float pixel(float x) { return x < 0 ? 0.0F : x > 1 ? 1.0F : x; }

}  // namespace

void deepfool_choose(const float* logits, const std::int32_t* from, const std::int32_t* to,
                     const float* lengths, bool linf, float* distance, float* scale, float* chosen,
                     std::int64_t n, std::int64_t classes) {
  for (std::int64_t i = 0; i < n; ++i) {
    chosen[i] = 0;
    if (to[i] < 0) continue;
    const float* z = logits + i * classes;
    const float length = lengths[i] + 1e-8F, d = std::fabs(z[to[i]] - z[from[i]]) / length;
    if (!(d < distance[i])) continue;
    chosen[i] = 1;
    distance[i] = d;
    scale[i] = linf ? d + 1e-4F : (d + 1e-4F) / length;
  }
}

void deepfool_step(const float* active, const float* scale, bool linf, float overshoot,
                   const float* x0, const float* g, float* total, float* x, std::int64_t n,
                   std::int64_t count) {
  const std::int64_t pieces = ceil_div(count, kPiece);
#pragma omp parallel for if (n * count > kParallelFrom)
  for (std::int64_t piece = 0; piece < n * pieces; ++piece) {
    const std::int64_t image = piece / pieces, first = piece % pieces * kPiece;
    if (active[image] == 0) continue;
    const std::int64_t last = image * count + std::min(count, first + kPiece);
    for (std::int64_t i = image * count + first; i < last; ++i) {
      total[i] += scale[image] * (linf ? sign(g[i]) : g[i]);
      x[i] = pixel(x0[i] + (1.0F + overshoot) * total[i]);
    }
  }
}

}  // namespace phosphene::kernels::cpu
