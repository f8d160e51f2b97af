// The threads of maps_grid.cuh, one for 16 bytes of channels of a pixel where they divide, so that
// a mirrored row is still read in whole cache lines. Forward a thread owns a pixel of y, backward
// one of x and adds up the at most nine places that show it; but at the border there is only one.
#pragma once
#include "kernels/maps_grid.cuh"
#include "kernels/reflect_pad.hpp"

namespace phosphene::kernels::cuda {

struct PadExtents {
  int top, left, bottom, right;
};

template <int kWidth, class T>
__global__ void reflect_pad_kernel(const T* x, T* y, Maps x_maps, PadExtents pad) {
  const std::int64_t h = x_maps.h, w = x_maps.w, c = x_maps.c;
  const std::int64_t out_h = h + pad.top + pad.bottom, out_w = w + pad.left + pad.right;
  for_each_pack(x_maps.n * out_h, out_w, c / kWidth,
                [&](std::int64_t row, std::int64_t col, std::int64_t pack) {
                  const std::int64_t from_row = row / out_h * h + mirror(row % out_h - pad.top, h);
                  const std::int64_t from_col = mirror(col - pad.left, w);
                  store_lanes(
                      y + (row * out_w + col) * c + pack * kWidth,
                      load_lanes<kWidth>(x + (from_row * w + from_col) * c + pack * kWidth));
                });
}

template <int kWidth, class T>
__global__ void reflect_pad_backward_kernel(const T* d_y, T* d_x, Maps x_maps, PadExtents pad) {
  const std::int64_t h = x_maps.h, w = x_maps.w, c = x_maps.c;
  const std::int64_t out_h = h + pad.top + pad.bottom, out_w = w + pad.left + pad.right;
  const auto body = [&](std::int64_t row, std::int64_t col, std::int64_t pack) {
    const MirrorPlaces rows = mirror_places(row % h, h, pad.top, pad.bottom);
    const MirrorPlaces cols = mirror_places(col, w, pad.left, pad.right);
    float sum[kWidth] = {};
#pragma unroll
    for (int r = 0; r < 3; ++r) {
#pragma unroll
      for (int s = 0; s < 3; ++s) {
        if (rows.at[r] < 0 || cols.at[s] < 0) continue;
        const std::int64_t pixel = (row / h * out_h + rows.at[r]) * out_w + cols.at[s];
        const auto in = load_lanes<kWidth>(d_y + pixel * c + pack * kWidth);
#pragma unroll
        for (int k = 0; k < kWidth; ++k) sum[k] += to_float(in.v[k]);
      }
    }
    store_floats(d_x + (row * w + col) * c + pack * kWidth, sum);
  };
  for_each_pack(x_maps.n * h, w, c / kWidth, body);
}

}  // namespace phosphene::kernels::cuda
