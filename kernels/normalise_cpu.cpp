#include "kernels/normalise.hpp"

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {
constexpr std::int64_t kPixels = 4096;  // pixels to a task: planes and their interleaving fit L2
}

template <class T>
void normalise(const float* x, T* y, Maps maps, const float* mean, const float* std, float scale,
               bool reverse) {
  const std::int64_t pixels = maps.h * maps.w;
#pragma omp parallel for collapse(2) if (maps.count() > kParallelFrom)
  for (std::int64_t n = 0; n < maps.n; ++n) {
    for (std::int64_t from = 0; from < pixels; from += kPixels) {
      const std::int64_t to = from + kPixels < pixels ? from + kPixels : pixels;
      for (std::int64_t c = 0; c < maps.c; ++c) {
        const float* plane = x + (n * maps.c + (reverse ? maps.c - 1 - c : c)) * pixels;
        T* out = y + n * pixels * maps.c + c;
        for (std::int64_t p = from; p < to; ++p) {
          out[p * maps.c] = from_float<T>((scale * plane[p] - mean[c]) / std[c]);
        }
      }
    }
  }
}

template <class T>
void normalise_backward(const T* d_y, float* d_x, Maps maps, const float* std, float scale,
                        bool reverse) {
  const std::int64_t pixels = maps.h * maps.w;
#pragma omp parallel for collapse(2) if (maps.count() > kParallelFrom)
  for (std::int64_t n = 0; n < maps.n; ++n) {
    for (std::int64_t from = 0; from < pixels; from += kPixels) {
      const std::int64_t to = from + kPixels < pixels ? from + kPixels : pixels;
      for (std::int64_t c = 0; c < maps.c; ++c) {
        const T* in = d_y + n * pixels * maps.c + c;
        float* plane = d_x + (n * maps.c + (reverse ? maps.c - 1 - c : c)) * pixels;
        for (std::int64_t p = from; p < to; ++p) {
          plane[p] = to_float(in[p * maps.c]) * (scale / std[c]);
        }
      }
    }
  }
}

template void normalise(const float*, float*, Maps, const float*, const float*, float, bool);
template void normalise(const float*, bf16*, Maps, const float*, const float*, float, bool);
template void normalise_backward(const float*, float*, Maps, const float*, float, bool);
template void normalise_backward(const bf16*, float*, Maps, const float*, float, bool);

}  // namespace phosphene::kernels::cpu
