// The threads of maps_grid.cuh: a thread takes 16 bytes of channels where they divide, and the
// per-channel factors of a block come out of L1.
#pragma once
#include "kernels/maps_grid.cuh"
#include "kernels/scale_shift.hpp"

namespace phosphene::kernels::cuda {

/// b may be null: no shift.
template <int kWidth, class T>
__global__ void scale_shift_kernel(const T* x, T* y, Maps maps, const float* a, const float* b) {
  for_each_pack(maps.n * maps.h, maps.w, maps.c / kWidth,
                [&](std::int64_t row, std::int64_t col, std::int64_t pack) {
                  const std::int64_t c = pack * kWidth, at = (row * maps.w + col) * maps.c + c;
                  const auto in = load_lanes<kWidth>(x + at);
                  float out[kWidth];
#pragma unroll
                  for (int k = 0; k < kWidth; ++k) {
                    const float product = a[c + k] * to_float(in.v[k]);
                    out[k] = b ? product + b[c + k] : product;
                  }
                  store_floats(y + at, out);
                });
}

}  // namespace phosphene::kernels::cuda
