// The threads of maps_grid.cuh, each moving 16 bytes of channels where the slice and both channel
// counts divide. One kernel goes both ways: it copies a run of channels between arrays of
// different pixel strides.
#pragma once
#include "kernels/concat.hpp"
#include "kernels/maps_grid.cuh"

namespace phosphene::kernels::cuda {

/// `from` and `to` point at the first pixel's first channel of the run.
template <int kWidth, class T>
__global__ void copy_channels_kernel(const T* from, std::int64_t from_stride, T* to,
                                     std::int64_t to_stride, Maps maps) {
  for_each_pack(maps.n * maps.h, maps.w, maps.c / kWidth,
                [&](std::int64_t row, std::int64_t col, std::int64_t pack) {
                  const std::int64_t pixel = row * maps.w + col, c = pack * kWidth;
                  store_lanes(to + pixel * to_stride + c,
                              load_lanes<kWidth>(from + pixel * from_stride + c));
                });
}

}  // namespace phosphene::kernels::cuda
