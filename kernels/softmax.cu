#include "kernels/softmax.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

template <class T>
void softmax(Stream stream, const T* x, T* y, Maps maps) {
  if (maps.count() == 0) return;
  launch("softmax", softmax_kernel<T>, blocks_for(maps.n * maps.h * maps.w, kBlock / kWarp), kBlock,
         0, stream, x, y, maps);
}

template <class T>
void softmax_backward(Stream stream, const T* d_y, const T* y, T* d_x, Maps maps) {
  if (maps.count() == 0) return;
  launch("softmax_backward", softmax_backward_kernel<T>,
         blocks_for(maps.n * maps.h * maps.w, kBlock / kWarp), kBlock, 0, stream, d_y, y, d_x,
         maps);
}

template void softmax(Stream, const float*, float*, Maps);
template void softmax(Stream, const bf16*, bf16*, Maps);
template void softmax_backward(Stream, const float*, const float*, float*, Maps);
template void softmax_backward(Stream, const bf16*, const bf16*, bf16*, Maps);

}  // namespace phosphene::kernels::cuda
