#include "kernels/lrn.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

/// Sums over neighbouring channels of a pixel, all channels at a time so that they vectorise.
class Neighbours {
 public:
  Neighbours(std::int64_t channels, int size)
      : channels_(channels),
        size_(size),
        values_(static_cast<std::size_t>(channels + size - 1)),
        sums_(static_cast<std::size_t>(channels)) {}

  /// Where to write one number a channel. Zeros stand for the neighbours that the first and the
  /// last channels lack.
  float* values() { return values_.data() + size_ / 2; }

  /// For each channel the sum of the values within reach, in their order.
  const float* sums() {
    float* sum = sums_.data();
    std::fill_n(sum, channels_, 0.0F);
    for (int i = 0; i < size_; ++i) {
      const float* value = values_.data() + i;
#pragma omp simd
      for (std::int64_t c = 0; c < channels_; ++c) sum[c] += value[c];
    }
    return sum;
  }

 private:
  std::int64_t channels_;
  int size_;
  std::vector<float> values_, sums_;
};

/// The sums of squares of a pixel's channels.
template <class T>
const float* squares_around(const T* x, std::int64_t channels, Neighbours& squares) {
  float* square = squares.values();
#pragma omp simd
  for (std::int64_t c = 0; c < channels; ++c) square[c] = to_float(x[c]) * to_float(x[c]);
  return squares.sums();
}

}  // namespace

template <class T>
void lrn(const T* x, T* y, Maps maps, LrnParams params) {
  const std::int64_t pixels = maps.n * maps.h * maps.w, channels = maps.c;
  const float k = params.k, beta = params.beta;
  const float factor = params.alpha / static_cast<float>(params.size);
#pragma omp parallel if (maps.count() > kParallelFrom)
  {
    Neighbours squares(channels, params.size);
#pragma omp for
    for (std::int64_t p = 0; p < pixels; ++p) {
      const T* in = x + p * channels;
      T* out = y + p * channels;
      const float* sum = squares_around(in, channels, squares);
#pragma omp simd
      for (std::int64_t c = 0; c < channels; ++c) {
        out[c] = from_float<T>(to_float(in[c]) * lrn_power(k + factor * sum[c], beta));
      }
    }
  }
}

template <class T>
void lrn_backward(const T* d_y, const T* x, T* d_x, Maps maps, LrnParams params) {
  const std::int64_t pixels = maps.n * maps.h * maps.w, channels = maps.c;
  const float k = params.k, beta = params.beta;
  const float factor = params.alpha / static_cast<float>(params.size);
#pragma omp parallel if (maps.count() > kParallelFrom)
  {
    Neighbours squares(channels, params.size);
    Neighbours throughs(channels, params.size);                      // d_y x s^(-beta - 1)
    std::vector<float> directs(static_cast<std::size_t>(channels));  // d_y s^-beta
    float* direct = directs.data();
    float* through = throughs.values();
#pragma omp for
    for (std::int64_t p = 0; p < pixels; ++p) {
      const T* in = x + p * channels;
      const T* d_out = d_y + p * channels;
      T* d_in = d_x + p * channels;
      const float* sum = squares_around(in, channels, squares);
#pragma omp simd
      for (std::int64_t c = 0; c < channels; ++c) {
        const float s = k + factor * sum[c];
        direct[c] = to_float(d_out[c]) * lrn_power(s, beta);
        through[c] = direct[c] * to_float(in[c]) / s;
      }
      const float* indirect = throughs.sums();
#pragma omp simd
      for (std::int64_t c = 0; c < channels; ++c) {
        d_in[c] = from_float<T>(direct[c] - 2 * factor * beta * to_float(in[c]) * indirect[c]);
      }
    }
  }
}

template void lrn(const float*, float*, Maps, LrnParams);
template void lrn(const bf16*, bf16*, Maps, LrnParams);
template void lrn_backward(const float*, const float*, float*, Maps, LrnParams);
template void lrn_backward(const bf16*, const bf16*, bf16*, Maps, LrnParams);

}  // namespace phosphene::kernels::cpu
