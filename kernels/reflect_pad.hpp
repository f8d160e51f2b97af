// Mirrors the border without repeating the edge pixel: y(-1) = x(1). `x` is the shape before
// padding; y has h + top + bottom rows and w + left + right columns. Each padding is smaller than
// the extent it pads.
//   backward: each pixel of d_x gathers the places of d_y that showed it.
// Moves x once and y once.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {

/// Where position `i` of x, counted from its first pixel, is mirrored from: in [0, extent).
PHOSPHENE_HOST_DEVICE inline std::int64_t mirror(std::int64_t i, std::int64_t extent) {
  return i < 0 ? -i : i < extent ? i : 2 * (extent - 1) - i;
}

/// The places along a padded axis that show pixel i of x: in the padding before it, as itself, in
/// the padding after; -1 where there is none.
struct MirrorPlaces {
  std::int64_t at[3];
  PHOSPHENE_HOST_DEVICE bool single() const { return at[0] < 0 && at[2] < 0; }
};
PHOSPHENE_HOST_DEVICE inline MirrorPlaces mirror_places(std::int64_t i, std::int64_t extent,
                                                        int before, int after) {
  const std::int64_t from_end = extent - 1 - i;
  return {{i > 0 && i <= before ? before - i : -1, before + i,
           from_end > 0 && from_end <= after ? before + extent - 1 + from_end : -1}};
}

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
template <class T>
void reflect_pad(const T* x, T* y, Maps x_maps, int top, int left, int bottom, int right);
template <class T>
void reflect_pad_backward(const T* d_y, T* d_x, Maps x_maps, int top, int left, int bottom,
                          int right);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void reflect_pad(Stream stream, const T* x, T* y, Maps x_maps, int top, int left, int bottom,
                 int right);
template <class T>
void reflect_pad_backward(Stream stream, const T* d_y, T* d_x, Maps x_maps, int top, int left,
                          int bottom, int right);
}  // namespace phosphene::kernels::cuda
