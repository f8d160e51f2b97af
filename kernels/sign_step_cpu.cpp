#include "kernels/sign_step.hpp"

#include "kernels/clamped.hpp"
#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

float sign(float g) { return g > 0 ? 1.0F : g < 0 ? -1.0F : 0.0F; }

/// step(k) and radius(k) of an element of this image.
template <class Step, class Radius>
void move(float* x, const float* x0, std::int64_t count, Step step, Radius radius) {
#pragma omp simd
  for (std::int64_t k = 0; k < count; ++k) {
    const float r = radius(k);
    x[k] = clamped(clamped(x[k] + step(k), x0[k] - r, x0[k] + r), 0.0F, 1.0F);
  }
}

}  // namespace

void sign_step(float* x, const float* x0, const float* g, const float* alpha, const float* epsilon,
               ImageMask mask, std::int64_t n, std::int64_t count) {
#pragma omp parallel for if (n * count > kParallelFrom)
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t first = i * count;
    const float eps = epsilon[i], a = g == nullptr ? 0 : alpha[i];
    const float* gradient = g == nullptr ? nullptr : g + first;
    const auto along = [=](std::int64_t k) { return a * sign(gradient[k]); };
    const auto nowhere = [](std::int64_t) { return 0.0F; };
    const auto whole = [=](std::int64_t) { return eps; };
    const auto masked = [=](std::int64_t k) { return eps * mask.at(i, k); };
    float* y = x + first;
    if (mask.data != nullptr) {
      gradient == nullptr ? move(y, x0 + first, count, nowhere, masked)
                          : move(y, x0 + first, count, along, masked);
    } else {
      gradient == nullptr ? move(y, x0 + first, count, nowhere, whole)
                          : move(y, x0 + first, count, along, whole);
    }
  }
}

}  // namespace phosphene::kernels::cpu
