// A thread takes single elements, neighbours in a warp, so that every load and store fills its
// cache lines. Of the margins a warp takes one pair of image and class: its lanes share out the
// features, and add up in a fixed order.
#pragma once
#include "kernels/interval.hpp"
#include "kernels/interval_ends.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

__global__ void interval_ball_kernel(const float* x, const float* eps, float* low, float* high,
                                     std::int64_t count, std::int64_t each) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_threads()) {
    const IntervalEnds e = interval_ends_of(x[i], eps[i / each], true);
    low[i] = e.low < 1 ? e.low : 1.0F;
    high[i] = e.high < 1 ? e.high : 1.0F;
  }
}

__global__ void interval_middle_kernel(const float* low, const float* high, float* m, float* r,
                                       float a, float b, std::int64_t count) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_threads()) {
    const IntervalMiddle x = interval_middle_of(low[i], high[i], a, b);
    m[i] = x.m;
    r[i] = x.r;
  }
}

__global__ void interval_ends_kernel(float* m_low, float* r_high, bool relu, std::int64_t count) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_threads()) {
    const IntervalEnds e = interval_ends_of(m_low[i], r_high[i], relu);
    m_low[i] = e.low;
    r_high[i] = e.high;
  }
}

__global__ void interval_margins_kernel(const float* low, const float* high, const float* w,
                                        const float* bias, const std::int32_t* labels, float* lower,
                                        std::int64_t n, std::int64_t classes, std::int64_t features,
                                        float s, float g) {
  const std::int64_t lane = grid_thread() % kWarp;
  for (std::int64_t p = grid_thread() / kWarp; p < n * classes; p += grid_threads() / kWarp) {
    const std::int64_t i = p / classes, j = p % classes, y = labels[i];
    IntervalMargin margin;
    for (std::int64_t k = lane; k < features; k += kWarp) {
      margin.add(interval_middle_of(low[i * features + k], high[i * features + k], 1, 0),
                 w[y * features + k], w[j * features + k], g);
    }
    margin.middle = warp_sum(margin.middle);
    margin.radius = warp_sum(margin.radius);
    if (lane == 0) lower[p] = j == y ? 0.0F : margin.lower(bias[y], bias[j], s, g);
  }
}

}  // namespace phosphene::kernels::cuda
