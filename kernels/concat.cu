#include "kernels/concat.cuh"

#include "kernels/maps_grid.hpp"

namespace phosphene::kernels::cuda {
namespace {

template <int kWidth, class T>
void run(const char* name, Stream stream, const T* from, std::int64_t from_stride, T* to,
         std::int64_t to_stride, Maps maps) {
  const auto [grid, block] = maps_grid(maps.n * maps.h, maps.w, maps.c / kWidth);
  launch(name, copy_channels_kernel<kWidth, T>, grid, block, 0, stream, from, from_stride, to,
         to_stride, maps);
}

template <class T>
void copy_channels(const char* name, Stream stream, const T* from, std::int64_t from_stride, T* to,
                   std::int64_t to_stride, Maps maps) {
  if (maps.count() == 0) return;
  const bool strides_in_packs = in_packs<T>(from_stride) && in_packs<T>(to_stride);
  if (strides_in_packs && in_packs<T>(maps.c, from, to)) {
    run<kLanesOf<T>>(name, stream, from, from_stride, to, to_stride, maps);
  } else {
    run<1>(name, stream, from, from_stride, to, to_stride, maps);
  }
}

}  // namespace

template <class T>
void concat(Stream stream, const T* x, T* y, Maps maps, std::int64_t y_channels, std::int64_t at) {
  copy_channels("concat", stream, x, maps.c, y + at, y_channels, maps);
}

template <class T>
void concat_backward(Stream stream, const T* d_y, T* d_x, Maps maps, std::int64_t y_channels,
                     std::int64_t at) {
  copy_channels("concat_backward", stream, d_y + at, y_channels, d_x, maps.c, maps);
}

template void concat(Stream, const float*, float*, Maps, std::int64_t, std::int64_t);
template void concat(Stream, const bf16*, bf16*, Maps, std::int64_t, std::int64_t);
template void concat_backward(Stream, const float*, float*, Maps, std::int64_t, std::int64_t);
template void concat_backward(Stream, const bf16*, bf16*, Maps, std::int64_t, std::int64_t);

}  // namespace phosphene::kernels::cuda
