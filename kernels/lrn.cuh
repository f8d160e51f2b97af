// The threads of maps_grid.cuh, one a channel. Nothing is kept between the passes: s of a channel
// is summed again by every thread that needs it, out of the lines its warp has just read, since
// `size` is 5 in every network that has this layer.
#pragma once
#include "kernels/lrn.hpp"
#include "kernels/maps_grid.cuh"

namespace phosphene::kernels::cuda {

/// s of one channel of the pixel `x` points at.
template <class T>
__device__ inline float lrn_scale(const T* x, std::int64_t channel, std::int64_t channels,
                                  LrnParams params) {
  const std::int64_t reach = params.size / 2;
  float squares = 0;
  for (std::int64_t c = channel - reach; c <= channel + reach; ++c) {
    if (c >= 0 && c < channels) squares += to_float(x[c]) * to_float(x[c]);
  }
  return params.k + params.alpha / static_cast<float>(params.size) * squares;
}

template <class T>
__global__ void lrn_kernel(const T* x, T* y, Maps maps, LrnParams params) {
  for_each_pack(maps.n * maps.h, maps.w, maps.c,
                [&](std::int64_t row, std::int64_t col, std::int64_t c) {
                  const std::int64_t at = (row * maps.w + col) * maps.c;
                  const float s = lrn_scale(x + at, c, maps.c, params);
                  y[at + c] = from_float<T>(to_float(x[at + c]) * lrn_power(s, params.beta));
                });
}

template <class T>
__global__ void lrn_backward_kernel(const T* d_y, const T* x, T* d_x, Maps maps, LrnParams params) {
  const std::int64_t reach = params.size / 2;
  const float factor = 2 * params.alpha * params.beta / static_cast<float>(params.size);
  for_each_pack(maps.n * maps.h, maps.w, maps.c,
                [&](std::int64_t row, std::int64_t col, std::int64_t channel) {
                  const std::int64_t at = (row * maps.w + col) * maps.c;
                  float direct = 0, through = 0;
                  for (std::int64_t c = channel - reach; c <= channel + reach; ++c) {
                    if (c < 0 || c >= maps.c) continue;
                    const float s = lrn_scale(x + at, c, maps.c, params);
                    const float scaled = to_float(d_y[at + c]) * lrn_power(s, params.beta);
                    if (c == channel) direct = scaled;
                    through += scaled * to_float(x[at + c]) / s;
                  }
                  d_x[at + channel] =
                      from_float<T>(direct - factor * to_float(x[at + channel]) * through);
                });
}

}  // namespace phosphene::kernels::cuda
