#include "kernels/bias.hpp"

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

template <class T>
void bias(T* y, const float* bias, const T* z, Maps maps, bool relu) {
  const std::int64_t pixels = maps.n * maps.h * maps.w, c = maps.c;
#pragma omp parallel for schedule(static) if (maps.count() >= kParallelFrom)
  for (std::int64_t p = 0; p < pixels; ++p) {
    T* out = y + p * c;
    const T* add = z ? z + p * c : nullptr;
    for (std::int64_t i = 0; i < c; ++i) {
      float v = to_float(out[i]);
      if (bias) v += bias[i];
      if (add) v += to_float(add[i]);
      if (relu) v = v <= 0 ? 0.0F : v;
      out[i] = from_float<T>(v);
    }
  }
}
template void bias<float>(float*, const float*, const float*, Maps, bool);
template void bias<bf16>(bf16*, const float*, const bf16*, Maps, bool);

}  // namespace phosphene::kernels::cpu
