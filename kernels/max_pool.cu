#include "kernels/max_pool.cuh"

#include "kernels/maps_grid.hpp"

namespace phosphene::kernels::cuda {
namespace {

template <int kWidth, class T>
void forward(Stream stream, const T* x, T* y, std::uint8_t* argmax, Maps x_maps, Maps y_maps,
             PoolWindow window) {
  const auto [grid, block] = maps_grid(y_maps.n * y_maps.h, y_maps.w, y_maps.c / kWidth);
  launch("max_pool", max_pool_kernel<kWidth, T>, grid, block, 0, stream, x, y, argmax, x_maps,
         y_maps, window);
}

template <int kWidth, class T>
void backward(Stream stream, const T* d_y, const std::uint8_t* argmax, T* d_x, Maps x_maps,
              Maps y_maps, PoolWindow window) {
  const auto [grid, block] = maps_grid(x_maps.n * x_maps.h, x_maps.w, x_maps.c / kWidth);
  launch("max_pool_backward", max_pool_backward_kernel<kWidth, T>, grid, block, 0, stream, d_y,
         argmax, d_x, x_maps, y_maps, window);
}

}  // namespace

template <class T>
void max_pool(Stream stream, const T* x, T* y, std::uint8_t* argmax, Maps x_maps, Maps y_maps,
              PoolWindow window) {
  if (y_maps.count() == 0) return;
  if (in_packs<T>(x_maps.c, x, y, argmax)) {
    forward<kLanesOf<T>>(stream, x, y, argmax, x_maps, y_maps, window);
  } else {
    forward<1>(stream, x, y, argmax, x_maps, y_maps, window);
  }
}

template <class T>
void max_pool_backward(Stream stream, const T* d_y, const std::uint8_t* argmax, T* d_x, Maps x_maps,
                       Maps y_maps, PoolWindow window) {
  if (x_maps.count() == 0) return;
  if (in_packs<T>(x_maps.c, d_y, argmax, d_x)) {
    backward<kLanesOf<T>>(stream, d_y, argmax, d_x, x_maps, y_maps, window);
  } else {
    backward<1>(stream, d_y, argmax, d_x, x_maps, y_maps, window);
  }
}

template void max_pool(Stream, const float*, float*, std::uint8_t*, Maps, Maps, PoolWindow);
template void max_pool(Stream, const bf16*, bf16*, std::uint8_t*, Maps, Maps, PoolWindow);
template void max_pool_backward(Stream, const float*, const std::uint8_t*, float*, Maps, Maps,
                                PoolWindow);
template void max_pool_backward(Stream, const bf16*, const std::uint8_t*, bf16*, Maps, Maps,
                                PoolWindow);

}  // namespace phosphene::kernels::cuda
