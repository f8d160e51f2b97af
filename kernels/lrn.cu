#include "kernels/lrn.cuh"

#include "kernels/maps_grid.hpp"

namespace phosphene::kernels::cuda {

template <class T>
void lrn(Stream stream, const T* x, T* y, Maps maps, LrnParams params) {
  if (maps.count() == 0) return;
  const auto [grid, block] = maps_grid(maps.n * maps.h, maps.w, maps.c);
  launch("lrn", lrn_kernel<T>, grid, block, 0, stream, x, y, maps, params);
}

template <class T>
void lrn_backward(Stream stream, const T* d_y, const T* x, T* d_x, Maps maps, LrnParams params) {
  if (maps.count() == 0) return;
  const auto [grid, block] = maps_grid(maps.n * maps.h, maps.w, maps.c);
  launch("lrn_backward", lrn_backward_kernel<T>, grid, block, 0, stream, d_y, x, d_x, maps, params);
}

template void lrn(Stream, const float*, float*, Maps, LrnParams);
template void lrn(Stream, const bf16*, bf16*, Maps, LrnParams);
template void lrn_backward(Stream, const float*, const float*, float*, Maps, LrnParams);
template void lrn_backward(Stream, const bf16*, const bf16*, bf16*, Maps, LrnParams);

}  // namespace phosphene::kernels::cuda
