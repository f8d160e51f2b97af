#include "kernels/warp.hpp"

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

/// y[n,c,i,j] = f(plane of x, numbers of the image, i, j), row by row.
template <class F>
void each_pixel(const float* x, const float* numbers, float* y, Maps maps, F f) {
  const std::int64_t rows = maps.n * maps.c * maps.h;
#pragma omp parallel for if (parallel : maps.count() > kParallelFrom)
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t plane = row / maps.h, i = row % maps.h;
    const float* image = numbers + plane / maps.c * kWarpNumbers;
    for (std::int64_t j = 0; j < maps.w; ++j) {
      y[row * maps.w + j] = f(x + plane * maps.h * maps.w, image, maps, i, j);
    }
  }
}

}  // namespace

void warp(const float* x, const float* numbers, float* y, Maps maps) {
  each_pixel(x, numbers, y, maps, warp_sample);
}

void warp_backward(const float* d_y, const float* numbers, float* d_x, Maps maps) {
  each_pixel(d_y, numbers, d_x, maps, warp_gather);
}

}  // namespace phosphene::kernels::cpu
