// The threads of maps_grid.cuh, one for 16 bytes of channels of a pixel where they divide, so that
// a warp reads and writes whole cache lines in each of its window's rows. Forward a thread owns an
// output and walks its window; windows that overlap meet again in L1. Backward a thread owns an
// input pixel and walks the windows over it, so that nothing is added to by two threads.
#pragma once
#include "kernels/maps_grid.cuh"
#include "kernels/max_pool.hpp"
#include "kernels/pool_window.hpp"

namespace phosphene::kernels::cuda {

template <int kWidth, class T>
__global__ void max_pool_kernel(const T* x, T* y, std::uint8_t* argmax, Maps x_maps, Maps y_maps,
                                PoolWindow window) {
  const auto body = [&](std::int64_t row, std::int64_t col, std::int64_t pack) {
    const std::int64_t image = row / y_maps.h, i = row % y_maps.h;
    const Range rows = window_pixels(i, window.kernel_h, window.stride_h, window.pad_top, x_maps.h);
    const Range cols =
        window_pixels(col, window.kernel_w, window.stride_w, window.pad_left, x_maps.w);
    const std::int64_t top = i * window.stride_h - window.pad_top;
    const std::int64_t left = col * window.stride_w - window.pad_left;
    float best[kWidth];
    Lanes<std::uint8_t, kWidth> places;
    for (std::int64_t ii = rows.first; ii < rows.last; ++ii) {
      for (std::int64_t jj = cols.first; jj < cols.last; ++jj) {
        const std::int64_t pixel = (image * x_maps.h + ii) * x_maps.w + jj;
        const auto in = load_lanes<kWidth>(x + pixel * x_maps.c + pack * kWidth);
        const auto place = static_cast<std::uint8_t>((ii - top) * window.kernel_w + (jj - left));
        const bool first = ii == rows.first && jj == cols.first;
#pragma unroll
        for (int k = 0; k < kWidth; ++k) {
          const float now = to_float(in.v[k]);
          // A NaN is not <= anything, and nothing takes its place.
          if (first || (!(now <= best[k]) && best[k] == best[k])) {
            best[k] = now;
            places.v[k] = place;
          }
        }
      }
    }
    const std::int64_t at = (row * y_maps.w + col) * y_maps.c + pack * kWidth;
    store_floats(y + at, best);
    if (argmax) store_lanes(argmax + at, places);
  };
  for_each_pack(y_maps.n * y_maps.h, y_maps.w, y_maps.c / kWidth, body);
}

template <int kWidth, class T>
__global__ void max_pool_backward_kernel(const T* d_y, const std::uint8_t* argmax, T* d_x,
                                         Maps x_maps, Maps y_maps, PoolWindow window) {
  const auto body = [&](std::int64_t row, std::int64_t col, std::int64_t pack) {
    const std::int64_t image = row / x_maps.h, i = row % x_maps.h;
    const Range rows = pixel_windows(i, window.kernel_h, window.stride_h, window.pad_top, y_maps.h);
    const Range cols =
        pixel_windows(col, window.kernel_w, window.stride_w, window.pad_left, y_maps.w);
    float sum[kWidth] = {};
    for (std::int64_t ii = rows.first; ii < rows.last; ++ii) {
      for (std::int64_t jj = cols.first; jj < cols.last; ++jj) {
        const std::int64_t pixel = (image * y_maps.h + ii) * y_maps.w + jj;
        const std::int64_t at = pixel * y_maps.c + pack * kWidth;
        const auto place = static_cast<std::uint8_t>(
            (i - ii * window.stride_h + window.pad_top) * window.kernel_w +
            (col - jj * window.stride_w + window.pad_left));
        const auto chosen = load_lanes<kWidth>(argmax + at);
        const auto in = load_lanes<kWidth>(d_y + at);
#pragma unroll
        for (int k = 0; k < kWidth; ++k) {
          if (chosen.v[k] == place) sum[k] += to_float(in.v[k]);
        }
      }
    }
    store_floats(d_x + (row * x_maps.w + col) * x_maps.c + pack * kWidth, sum);
  };
  for_each_pack(x_maps.n * x_maps.h, x_maps.w, x_maps.c / kWidth, body);
}

}  // namespace phosphene::kernels::cuda
