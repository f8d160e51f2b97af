// The threads of maps_grid.cuh, one for 16 bytes of channels of a pixel of y where they divide. All
// threads of a pixel read from one place, clean or fresh, so whole cache lines are read.
#pragma once
#include "kernels/maps_grid.cuh"
#include "kernels/patched_crop.hpp"
#include "kernels/reflect_pad.hpp"

namespace phosphene::kernels::cuda {

template <int kWidth, class T>
__global__ void patched_crop_kernel(const T* clean, const T* fresh, const CropPlace* places, T* y,
                                    Maps clean_maps, Maps fresh_maps, Maps y_maps, Border border) {
  const std::int64_t h = clean_maps.h, w = clean_maps.w, c = clean_maps.c;
  Lanes<T, kWidth> outside;
#pragma unroll
  for (int k = 0; k < kWidth; ++k) {
    outside.v[k] = from_float<T>(border == Border::lowest ? -INFINITY : 0.0F);
  }
  const auto body = [&](std::int64_t line, std::int64_t at, std::int64_t pack) {
    const std::int64_t i = line / y_maps.h;
    const CropPlace place = places[i];
    std::int64_t row = place.top + line % y_maps.h, col = place.left + at;
    if (border == Border::mirror) {
      row = mirror(row, h);
      col = mirror(col, w);
    }
    const bool inside = row >= 0 && row < h && col >= 0 && col < w;
    const std::int64_t r = row - place.fresh_top, s = col - place.fresh_left;
    const bool patched = r >= 0 && r < fresh_maps.h && s >= 0 && s < fresh_maps.w;
    const T* from = patched ? fresh + ((i * fresh_maps.h + r) * fresh_maps.w + s) * c
                            : clean + (row * w + col) * c;
    store_lanes(y + (line * y_maps.w + at) * c + pack * kWidth,
                inside ? load_lanes<kWidth>(from + pack * kWidth) : outside);
  };
  for_each_pack(y_maps.n * y_maps.h, y_maps.w, c / kWidth, body);
}

}  // namespace phosphene::kernels::cuda
