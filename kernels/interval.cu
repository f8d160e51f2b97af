#include "kernels/interval.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void interval_ball(Stream stream, const float* x, const float* eps, float* low, float* high,
                   std::int64_t images, std::int64_t each) {
  const std::int64_t count = images * each;
  if (count == 0) return;
  launch("interval_ball", interval_ball_kernel, blocks_for(count, kBlock), kBlock, 0, stream, x,
         eps, low, high, count, each);
}

void interval_middle(Stream stream, const float* low, const float* high, float* m, float* r,
                     float a, float b, std::int64_t count) {
  if (count == 0) return;
  launch("interval_middle", interval_middle_kernel, blocks_for(count, kBlock), kBlock, 0, stream,
         low, high, m, r, a, b, count);
}

void interval_ends(Stream stream, float* m_low, float* r_high, bool relu, std::int64_t count) {
  if (count == 0) return;
  launch("interval_ends", interval_ends_kernel, blocks_for(count, kBlock), kBlock, 0, stream, m_low,
         r_high, relu, count);
}

void interval_margins(Stream stream, const float* low, const float* high, const float* w,
                      const float* bias, const std::int32_t* labels, float* lower, std::int64_t n,
                      std::int64_t classes, std::int64_t features, float s, float g) {
  if (n * classes == 0) return;
  launch("interval_margins", interval_margins_kernel, blocks_for(n * classes * kWarp, kBlock),
         kBlock, 0, stream, low, high, w, bias, labels, lower, n, classes, features, s, g);
}

}  // namespace phosphene::kernels::cuda
