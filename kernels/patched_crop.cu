#include "kernels/patched_crop.cuh"

#include "kernels/maps_grid.hpp"

namespace phosphene::kernels::cuda {
namespace {

template <int kWidth, class T>
void crop(Stream stream, const T* clean, const T* fresh, const CropPlace* places, T* y,
          Maps clean_maps, Maps fresh_maps, Maps y_maps, Border border) {
  const auto [grid, block] = maps_grid(y_maps.n * y_maps.h, y_maps.w, y_maps.c / kWidth);
  launch("patched_crop", patched_crop_kernel<kWidth, T>, grid, block, 0, stream, clean, fresh,
         places, y, clean_maps, fresh_maps, y_maps, border);
}

}  // namespace

template <class T>
void patched_crop(Stream stream, const T* clean, const T* fresh, const CropPlace* places, T* y,
                  Maps clean_maps, Maps fresh_maps, Maps y_maps, Border border) {
  if (y_maps.count() == 0) return;
  if (in_packs<T>(y_maps.c, clean, fresh, y)) {
    crop<kLanesOf<T>>(stream, clean, fresh, places, y, clean_maps, fresh_maps, y_maps, border);
  } else {
    crop<1>(stream, clean, fresh, places, y, clean_maps, fresh_maps, y_maps, border);
  }
}

template void patched_crop(Stream, const float*, const float*, const CropPlace*, float*, Maps, Maps,
                           Maps, Border);
template void patched_crop(Stream, const bf16*, const bf16*, const CropPlace*, bf16*, Maps, Maps,
                           Maps, Border);

}  // namespace phosphene::kernels::cuda
