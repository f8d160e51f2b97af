#include "kernels/concat.hpp"

#include <algorithm>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

template <class T>
void concat(const T* x, T* y, Maps maps, std::int64_t y_channels, std::int64_t at) {
  const std::int64_t pixels = maps.n * maps.h * maps.w;
#pragma omp parallel for if (maps.count() > kParallelFrom)
  for (std::int64_t p = 0; p < pixels; ++p) {
    std::copy_n(x + p * maps.c, maps.c, y + p * y_channels + at);
  }
}

template <class T>
void concat_backward(const T* d_y, T* d_x, Maps maps, std::int64_t y_channels, std::int64_t at) {
  const std::int64_t pixels = maps.n * maps.h * maps.w;
#pragma omp parallel for if (maps.count() > kParallelFrom)
  for (std::int64_t p = 0; p < pixels; ++p) {
    std::copy_n(d_y + p * y_channels + at, maps.c, d_x + p * maps.c);
  }
}

template void concat(const float*, float*, Maps, std::int64_t, std::int64_t);
template void concat(const bf16*, bf16*, Maps, std::int64_t, std::int64_t);
template void concat_backward(const float*, float*, Maps, std::int64_t, std::int64_t);
template void concat_backward(const bf16*, bf16*, Maps, std::int64_t, std::int64_t);

}  // namespace phosphene::kernels::cpu
