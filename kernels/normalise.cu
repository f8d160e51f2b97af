#include "kernels/normalise.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

template <class T>
void normalise(Stream stream, const float* x, T* y, Maps maps, const float* mean, const float* std,
               float scale, bool reverse) {
  if (maps.count() == 0) return;
  launch("normalise", normalise_kernel<T>, blocks_for(maps.n * maps.h * maps.w, kBlock), kBlock, 0,
         stream, x, y, maps, mean, std, scale, reverse);
}

template <class T>
void normalise_backward(Stream stream, const T* d_y, float* d_x, Maps maps, const float* std,
                        float scale, bool reverse) {
  if (maps.count() == 0) return;
  launch("normalise_backward", normalise_backward_kernel<T>,
         blocks_for(maps.n * maps.h * maps.w, kBlock), kBlock, 0, stream, d_y, d_x, maps, std,
         scale, reverse);
}

template void normalise(Stream, const float*, float*, Maps, const float*, const float*, float,
                        bool);
template void normalise(Stream, const float*, bf16*, Maps, const float*, const float*, float, bool);
template void normalise_backward(Stream, const float*, float*, Maps, const float*, float, bool);
template void normalise_backward(Stream, const bf16*, float*, Maps, const float*, float, bool);

}  // namespace phosphene::kernels::cuda
