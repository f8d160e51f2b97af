// One thread an element, so that the ballot of a warp is the mask word of its 32 elements: the
// warp's loads and stores are one run of 128 (float) or 64 bytes (bf16), and lane 0 writes the
// word. Each thread takes kReluUnroll elements, 16 bytes in all but a warp's width apart, to keep
// several loads in flight; its warp owns a run of them, so the mask words lie together as well.
// Lanes past the end carry `inside` = false through the ballot, which leaves the last word's
// unused bits 0.
#pragma once
#include "kernels/relu.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

template <class T>
constexpr int kReluUnroll = 16 / static_cast<int>(sizeof(T));

// The first element of this thread, and the distance to the next that the grid gives it.
template <class T>
__device__ inline std::int64_t relu_first() {
  const std::int64_t warp = grid_thread() / kWarp, lane = grid_thread() % kWarp;
  return warp * kWarp * kReluUnroll<T> + lane;
}
template <class T>
__device__ inline std::int64_t relu_stride() {
  return grid_threads() * kReluUnroll<T>;
}

// y and mask may each be null.
template <class T>
__global__ void relu_kernel(const T* x, T* y, std::uint32_t* mask, std::int64_t count) {
  const std::int64_t lane = grid_thread() % kWarp;
  for (std::int64_t first = relu_first<T>(); first - lane < count; first += relu_stride<T>()) {
    float v[kReluUnroll<T>];
#pragma unroll
    for (int k = 0; k < kReluUnroll<T>; ++k) {
      const std::int64_t i = first + k * kWarp;
      v[k] = i < count ? to_float(x[i]) : 0.0F;
    }
#pragma unroll
    for (int k = 0; k < kReluUnroll<T>; ++k) {
      const std::int64_t i = first + k * kWarp;
      const unsigned word = __ballot_sync(kFullWarp, v[k] > 0);
      if (mask && lane == 0 && i < count) mask[i / kWarp] = word;
      if (y && i < count) y[i] = from_float<T>(v[k] <= 0 ? 0.0F : v[k]);  // a NaN is not <= 0
    }
  }
}

// All lanes of a warp read one mask word, a broadcast.
template <ReluRule kRule, class T>
__global__ void relu_backward_kernel(const T* d_y, const std::uint32_t* mask, T* d_x,
                                     std::int64_t count) {
  const std::int64_t lane = grid_thread() % kWarp;
  for (std::int64_t first = relu_first<T>(); first - lane < count; first += relu_stride<T>()) {
    float g[kReluUnroll<T>];
    unsigned word[kReluUnroll<T>];
#pragma unroll
    for (int k = 0; k < kReluUnroll<T>; ++k) {
      const std::int64_t i = first + k * kWarp;
      g[k] = i < count ? to_float(d_y[i]) : 0.0F;
      word[k] = kRule == ReluRule::deconvnet ? kFullWarp : i < count ? mask[i / kWarp] : 0U;
    }
#pragma unroll
    for (int k = 0; k < kReluUnroll<T>; ++k) {
      const std::int64_t i = first + k * kWarp;
      const bool active = (word[k] >> lane & 1U) != 0;
      const bool positive = kRule == ReluRule::standard || g[k] > 0;
      if (i < count) d_x[i] = from_float<T>(active && positive ? g[k] : 0.0F);
    }
  }
}

}  // namespace phosphene::kernels::cuda
