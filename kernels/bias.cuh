// A thread takes a pack of neighbouring channels, 16 bytes of y, of z and as many biases; this
// needs aligned pointers and a multiple of the pack's width in channels, so that no pack crosses
// from one pixel to the next. Else a thread takes one element. Biases stay in the first-level
// cache: every pixel reads the same c floats.
#pragma once
#include "kernels/bias.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

template <bool kPacked, class T>
__global__ void bias_kernel(T* y, const float* bias, const T* z, std::int64_t count,
                            std::int64_t channels, bool relu) {
  const auto finish = [&](float v, std::int64_t channel, float add) {
    v += bias ? bias[channel] : 0.0F;
    v += add;
    return from_float<T>(relu && v <= 0 ? 0.0F : v);
  };
  if constexpr (kPacked) {
    constexpr int kWidth = Chunk<T>::kWidth;
    for (std::int64_t p = grid_thread(); p < count / kWidth; p += grid_threads()) {
      auto out = load_pack<T, kWidth>(y, p);
      Pack<T, kWidth> add{};
      if (z) add = load_pack<T, kWidth>(z, p);
      const std::int64_t channel = p * kWidth % channels;
#pragma unroll
      for (int k = 0; k < kWidth; ++k) {
        out.v[k] = finish(to_float(out.v[k]), channel + k, to_float(add.v[k]));
      }
      store_pack<T, kWidth>(y, p, out);
    }
  } else {
    for (std::int64_t i = grid_thread(); i < count; i += grid_threads()) {
      y[i] = finish(to_float(y[i]), i % channels, z ? to_float(z[i]) : 0.0F);
    }
  }
}

}  // namespace phosphene::kernels::cuda
