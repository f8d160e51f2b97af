#include "kernels/carlini_wagner.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/cpu.hpp"
#include "kernels/tanh_pixel.hpp"

namespace phosphene::kernels::cpu {
namespace {

constexpr std::int64_t kPiece = 1 << 12;  // pixels that one thread takes at a time

}  // namespace

void carlini_wagner(const CarliniWagnerSlot* slots, const float* clean, const float* g, float* w,
                    float* m, float* v, float* x, std::int64_t n, std::int64_t count) {
  const std::int64_t pieces = ceil_div(count, kPiece);
#pragma omp parallel for if (n * count > kParallelFrom)
  for (std::int64_t piece = 0; piece < n * pieces; ++piece) {
    const CarliniWagnerSlot slot = slots[piece / pieces];
    const std::int64_t image = piece / pieces * count, first = piece % pieces * kPiece;
    if (slot.move == CarliniWagnerSlot::hold) continue;
    for (std::int64_t i = image + first; i < image + std::min(count, first + kPiece); ++i) {
      const float start = tanh_start(clean[i]);
      if (slot.move == CarliniWagnerSlot::start) {
        w[i] = start;
        m[i] = v[i] = 0;
      } else {
        const TanhPixel pixel = tanh_pixel(w[i]);
        const float d = (2.0F * (pixel.x - tanh_pixel(start).x) - slot.weight * g[i]) * pixel.slope;
        m[i] = 0.9F * m[i] + 0.1F * d;
        v[i] = 0.999F * v[i] + 0.001F * d * d;
        w[i] -= slot.rate * m[i] / (slot.root * std::sqrt(v[i]) + 1e-8F);
      }
      x[i] = tanh_pixel(w[i]).x;
    }
  }
}

}  // namespace phosphene::kernels::cpu
