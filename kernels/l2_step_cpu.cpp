#include "kernels/l2_step.hpp"

#include <cmath>

#include "kernels/clamped.hpp"
#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

template <class Value>
double length(std::int64_t count, Value value) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t k = 0; k < count; ++k) sum += double{value(k)} * double{value(k)};
  return std::sqrt(sum);
}

/// kept(k): whether the mask lets element k move.
template <class Kept>
void step(float* x, const float* x0, const float* g, float alpha, float epsilon, std::int64_t count,
          Kept kept) {
  float along = 0;
  if (g != nullptr) {
    const auto size =
        static_cast<float>(length(count, [=](std::int64_t k) { return kept(k) ? g[k] : 0.0F; }));
    along = size > 0 && std::isfinite(size) ? alpha / size : 0;
  }
  const auto moved = [=](std::int64_t k) {
    return !kept(k) ? x0[k] : along != 0 ? x[k] + along * g[k] : x[k];
  };
  const auto distance =
      static_cast<float>(length(count, [=](std::int64_t k) { return moved(k) - x0[k]; }));
  const bool outside = distance > epsilon;
  const float shrink = outside ? epsilon / distance : 1;
#pragma omp simd
  for (std::int64_t k = 0; k < count; ++k) {
    const float y = moved(k);
    x[k] = clamped(outside ? x0[k] + shrink * (y - x0[k]) : y, 0, 1);
  }
}

}  // namespace

void l2_step(float* x, const float* x0, const float* g, const float* alpha, const float* epsilon,
             ImageMask mask, std::int64_t n, std::int64_t count) {
#pragma omp parallel for if (n * count > kParallelFrom)
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t first = i * count;
    const float* slope = g == nullptr ? nullptr : g + first;
    const float a = g == nullptr ? 0 : alpha[i];
    if (mask.data == nullptr) {
      step(x + first, x0 + first, slope, a, epsilon[i], count, [](std::int64_t) { return true; });
    } else {
      step(x + first, x0 + first, slope, a, epsilon[i], count,
           [=](std::int64_t k) { return mask.at(i, k) != 0; });
    }
  }
}

}  // namespace phosphene::kernels::cpu
