#include "kernels/avg_pool.cuh"

#include "kernels/maps_grid.hpp"

namespace phosphene::kernels::cuda {
namespace {

template <int kWidth, class T, class Geometry>
void run_forward(const char* name, Stream stream, const T* x, T* y, Geometry geometry) {
  const Maps& out = geometry.y;
  const auto [grid, block] = maps_grid(out.n * out.h, out.w, out.c / kWidth);
  launch(name, average_kernel<kWidth, T, Geometry>, grid, block, 0, stream, x, y, geometry);
}

template <class T, class Geometry>
void forward(const char* name, Stream stream, const T* x, T* y, Geometry geometry) {
  if (geometry.y.count() == 0) return;
  if (in_packs<T>(geometry.y.c, x, y)) {
    run_forward<kLanesOf<T>>(name, stream, x, y, geometry);
  } else {
    run_forward<1>(name, stream, x, y, geometry);
  }
}

template <int kWidth, class T, class Geometry>
void run_backward(const char* name, Stream stream, const T* d_y, T* d_x, Geometry geometry) {
  const Maps& in = geometry.x;
  const auto [grid, block] = maps_grid(in.n * in.h, in.w, in.c / kWidth);
  launch(name, average_backward_kernel<kWidth, T, Geometry>, grid, block, 0, stream, d_y, d_x,
         geometry);
}

template <class T, class Geometry>
void backward(const char* name, Stream stream, const T* d_y, T* d_x, Geometry geometry) {
  if (geometry.x.count() == 0) return;
  if (in_packs<T>(geometry.x.c, d_y, d_x)) {
    run_backward<kLanesOf<T>>(name, stream, d_y, d_x, geometry);
  } else {
    run_backward<1>(name, stream, d_y, d_x, geometry);
  }
}

}  // namespace

template <class T>
void avg_pool(Stream stream, const T* x, T* y, Maps x_maps, Maps y_maps, PoolWindow window,
              bool count_pad) {
  forward("avg_pool", stream, x, y, SlidingGeometry{x_maps, y_maps, window, count_pad});
}

template <class T>
void avg_pool_backward(Stream stream, const T* d_y, T* d_x, Maps x_maps, Maps y_maps,
                       PoolWindow window, bool count_pad) {
  backward("avg_pool_backward", stream, d_y, d_x,
           SlidingGeometry{x_maps, y_maps, window, count_pad});
}

template <class T>
void adaptive_avg_pool(Stream stream, const T* x, T* y, Maps x_maps, Maps y_maps) {
  forward("adaptive_avg_pool", stream, x, y, AdaptiveGeometry{x_maps, y_maps});
}

template <class T>
void adaptive_avg_pool_backward(Stream stream, const T* d_y, T* d_x, Maps x_maps, Maps y_maps) {
  backward("adaptive_avg_pool_backward", stream, d_y, d_x, AdaptiveGeometry{x_maps, y_maps});
}

template void avg_pool(Stream, const float*, float*, Maps, Maps, PoolWindow, bool);
template void avg_pool(Stream, const bf16*, bf16*, Maps, Maps, PoolWindow, bool);
template void avg_pool_backward(Stream, const float*, float*, Maps, Maps, PoolWindow, bool);
template void avg_pool_backward(Stream, const bf16*, bf16*, Maps, Maps, PoolWindow, bool);
template void adaptive_avg_pool(Stream, const float*, float*, Maps, Maps);
template void adaptive_avg_pool(Stream, const bf16*, bf16*, Maps, Maps);
template void adaptive_avg_pool_backward(Stream, const float*, float*, Maps, Maps);
template void adaptive_avg_pool_backward(Stream, const bf16*, bf16*, Maps, Maps);

}  // namespace phosphene::kernels::cuda
