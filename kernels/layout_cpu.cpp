#include "kernels/layout.hpp"

#include <algorithm>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

// Pixels of one image that are turned together: their channels stay in the first-level cache.
constexpr std::int64_t kPixels = 128;

// Calls move(plane element, pixel element) for every element, in an order kind to the cache.
template <class Move>
void transpose(Maps maps, Move move) {
  const std::int64_t pixels = maps.h * maps.w, blocks = ceil_div(pixels, kPixels);
#pragma omp parallel for collapse(2) schedule(static) if (maps.count() >= kParallelFrom)
  for (std::int64_t n = 0; n < maps.n; ++n) {
    for (std::int64_t b = 0; b < blocks; ++b) {
      const std::int64_t last = std::min(pixels, (b + 1) * kPixels);
      for (std::int64_t c = 0; c < maps.c; ++c) {
        for (std::int64_t p = b * kPixels; p < last; ++p) {
          move((n * maps.c + c) * pixels + p, (n * pixels + p) * maps.c + c);
        }
      }
    }
  }
}

}  // namespace

template <class T>
void to_nhwc(const float* x, T* y, Maps maps) {
  transpose(maps,
            [=](std::int64_t plane, std::int64_t pixel) { y[pixel] = from_float<T>(x[plane]); });
}
template void to_nhwc<float>(const float*, float*, Maps);
template void to_nhwc<bf16>(const float*, bf16*, Maps);

template <class T>
void to_nchw(const T* x, float* y, Maps maps) {
  transpose(maps, [=](std::int64_t plane, std::int64_t pixel) { y[plane] = to_float(x[pixel]); });
}
template void to_nchw<float>(const float*, float*, Maps);
template void to_nchw<bf16>(const bf16*, float*, Maps);

}  // namespace phosphene::kernels::cpu
