#include "kernels/scale_shift.cuh"

#include "kernels/maps_grid.hpp"

namespace phosphene::kernels::cuda {
namespace {

template <int kWidth, class T>
void run(const char* name, Stream stream, const T* x, T* y, Maps maps, const float* a,
         const float* b) {
  const auto [grid, block] = maps_grid(maps.n * maps.h, maps.w, maps.c / kWidth);
  launch(name, scale_shift_kernel<kWidth, T>, grid, block, 0, stream, x, y, maps, a, b);
}

template <class T>
void run(const char* name, Stream stream, const T* x, T* y, Maps maps, const float* a,
         const float* b) {
  if (maps.count() == 0) return;
  if (in_packs<T>(maps.c, x, y)) {
    run<kLanesOf<T>>(name, stream, x, y, maps, a, b);
  } else {
    run<1>(name, stream, x, y, maps, a, b);
  }
}

}  // namespace

template <class T>
void scale_shift(Stream stream, const T* x, T* y, Maps maps, const float* a, const float* b) {
  run("scale_shift", stream, x, y, maps, a, b);
}

template <class T>
void scale_shift_backward(Stream stream, const T* d_y, T* d_x, Maps maps, const float* a) {
  run("scale_shift_backward", stream, d_y, d_x, maps, a, nullptr);
}

template void scale_shift(Stream, const float*, float*, Maps, const float*, const float*);
template void scale_shift(Stream, const bf16*, bf16*, Maps, const float*, const float*);
template void scale_shift_backward(Stream, const float*, float*, Maps, const float*);
template void scale_shift_backward(Stream, const bf16*, bf16*, Maps, const float*);

}  // namespace phosphene::kernels::cuda
