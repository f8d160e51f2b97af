#include "kernels/scale_shift.hpp"

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

template <class T>
void scale_shift(const T* x, T* y, Maps maps, const float* a, const float* b) {
  const std::int64_t pixels = maps.n * maps.h * maps.w;
#pragma omp parallel for if (maps.count() > kParallelFrom)
  for (std::int64_t p = 0; p < pixels; ++p) {
    const T* in = x + p * maps.c;
    T* out = y + p * maps.c;
#pragma omp simd
    for (std::int64_t c = 0; c < maps.c; ++c) out[c] = from_float<T>(a[c] * to_float(in[c]) + b[c]);
  }
}

template <class T>
void scale_shift_backward(const T* d_y, T* d_x, Maps maps, const float* a) {
  const std::int64_t pixels = maps.n * maps.h * maps.w;
#pragma omp parallel for if (maps.count() > kParallelFrom)
  for (std::int64_t p = 0; p < pixels; ++p) {
    const T* in = d_y + p * maps.c;
    T* out = d_x + p * maps.c;
#pragma omp simd
    for (std::int64_t c = 0; c < maps.c; ++c) out[c] = from_float<T>(a[c] * to_float(in[c]));
  }
}

template void scale_shift(const float*, float*, Maps, const float*, const float*);
template void scale_shift(const bf16*, bf16*, Maps, const float*, const float*);
template void scale_shift_backward(const float*, float*, Maps, const float*);
template void scale_shift_backward(const bf16*, bf16*, Maps, const float*);

}  // namespace phosphene::kernels::cpu
