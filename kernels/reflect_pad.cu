#include "kernels/reflect_pad.cuh"

#include "kernels/maps_grid.hpp"

namespace phosphene::kernels::cuda {
namespace {

template <int kWidth, class T>
void forward(Stream stream, const T* x, T* y, Maps x_maps, PadExtents pad) {
  const auto [grid, block] = maps_grid(x_maps.n * (x_maps.h + pad.top + pad.bottom),
                                       x_maps.w + pad.left + pad.right, x_maps.c / kWidth);
  launch("reflect_pad", reflect_pad_kernel<kWidth, T>, grid, block, 0, stream, x, y, x_maps, pad);
}

template <int kWidth, class T>
void backward(Stream stream, const T* d_y, T* d_x, Maps x_maps, PadExtents pad) {
  const auto [grid, block] = maps_grid(x_maps.n * x_maps.h, x_maps.w, x_maps.c / kWidth);
  launch("reflect_pad_backward", reflect_pad_backward_kernel<kWidth, T>, grid, block, 0, stream,
         d_y, d_x, x_maps, pad);
}

}  // namespace

template <class T>
void reflect_pad(Stream stream, const T* x, T* y, Maps x_maps, int top, int left, int bottom,
                 int right) {
  if (x_maps.count() == 0) return;
  const PadExtents pad{top, left, bottom, right};
  if (in_packs<T>(x_maps.c, x, y)) {
    forward<kLanesOf<T>>(stream, x, y, x_maps, pad);
  } else {
    forward<1>(stream, x, y, x_maps, pad);
  }
}

template <class T>
void reflect_pad_backward(Stream stream, const T* d_y, T* d_x, Maps x_maps, int top, int left,
                          int bottom, int right) {
  if (x_maps.count() == 0) return;
  const PadExtents pad{top, left, bottom, right};
  if (in_packs<T>(x_maps.c, d_y, d_x)) {
    backward<kLanesOf<T>>(stream, d_y, d_x, x_maps, pad);
  } else {
    backward<1>(stream, d_y, d_x, x_maps, pad);
  }
}

template void reflect_pad(Stream, const float*, float*, Maps, int, int, int, int);
template void reflect_pad(Stream, const bf16*, bf16*, Maps, int, int, int, int);
template void reflect_pad_backward(Stream, const float*, float*, Maps, int, int, int, int);
template void reflect_pad_backward(Stream, const bf16*, bf16*, Maps, int, int, int, int);

}  // namespace phosphene::kernels::cuda
