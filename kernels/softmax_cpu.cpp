#include "kernels/softmax.hpp"

#include <cmath>
#include <vector>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

template <class T>
void softmax(const T* x, T* y, Maps maps) {
  const std::int64_t pixels = maps.n * maps.h * maps.w;
#pragma omp parallel if (maps.count() > kParallelFrom)
  {
    std::vector<float> e(static_cast<std::size_t>(maps.c));
#pragma omp for
    for (std::int64_t p = 0; p < pixels; ++p) {
      const T* in = x + p * maps.c;
      float largest = -INFINITY, sum = 0;
      for (std::int64_t c = 0; c < maps.c; ++c) largest = std::fmax(largest, to_float(in[c]));
      for (std::int64_t c = 0; c < maps.c; ++c) {
        const float term = std::exp(to_float(in[c]) - largest);
        e[static_cast<std::size_t>(c)] = term;
        sum += term;
      }
      for (std::int64_t c = 0; c < maps.c; ++c) {
        y[p * maps.c + c] = from_float<T>(e[static_cast<std::size_t>(c)] / sum);
      }
    }
  }
}

template <class T>
void softmax_backward(const T* d_y, const T* y, T* d_x, Maps maps) {
  const std::int64_t pixels = maps.n * maps.h * maps.w;
#pragma omp parallel for if (maps.count() > kParallelFrom)
  for (std::int64_t p = 0; p < pixels; ++p) {
    const std::int64_t at = p * maps.c;
    float dot = 0;
    for (std::int64_t c = at; c < at + maps.c; ++c) dot += to_float(d_y[c]) * to_float(y[c]);
    for (std::int64_t c = at; c < at + maps.c; ++c) {
      d_x[c] = from_float<T>(to_float(y[c]) * (to_float(d_y[c]) - dot));
    }
  }
}

template void softmax(const float*, float*, Maps);
template void softmax(const bf16*, bf16*, Maps);
template void softmax_backward(const float*, const float*, float*, Maps);
template void softmax_backward(const bf16*, const bf16*, bf16*, Maps);

}  // namespace phosphene::kernels::cpu
