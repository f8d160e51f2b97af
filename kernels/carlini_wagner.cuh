// An image a row of the grid, so that a block reads one slot and takes one way through the code; a
// thread a pixel. Nine streams of a float each keep enough loads in flight without packs, and two
// exponentials and a logarithm hide behind them.
#pragma once
#include "kernels/carlini_wagner.hpp"
#include "kernels/simt.hpp"
#include "kernels/tanh_pixel.hpp"

namespace phosphene::kernels::cuda {

__global__ void carlini_wagner_kernel(const CarliniWagnerSlot* slots, const float* clean,
                                      const float* g, float* w, float* m, float* v, float* x,
                                      std::int64_t count) {
  const CarliniWagnerSlot slot = slots[blockIdx.y];
  if (slot.move == CarliniWagnerSlot::hold) return;
  const std::int64_t image = std::int64_t{blockIdx.y} * count;
  for (std::int64_t p = grid_thread(); p < count; p += grid_threads()) {
    const std::int64_t i = image + p;
    const float start = tanh_start(clean[i]);
    float moved = start, new_m = 0, new_v = 0;
    if (slot.move == CarliniWagnerSlot::step) {
      const TanhPixel pixel = tanh_pixel(w[i]);
      const float d = (2.0F * (pixel.x - tanh_pixel(start).x) - slot.weight * g[i]) * pixel.slope;
      new_m = 0.9F * m[i] + 0.1F * d;
      new_v = 0.999F * v[i] + 0.001F * d * d;
      moved = w[i] - slot.rate * new_m / (slot.root * sqrtf(new_v) + 1e-8F);
    }
    w[i] = moved;
    m[i] = new_m;
    v[i] = new_v;
    x[i] = tanh_pixel(moved).x;
  }
}

}  // namespace phosphene::kernels::cuda
