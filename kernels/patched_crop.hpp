// Crops out of feature maps that differ from one clean map in a rectangle each:
//   map_i(r, s)  = fresh[i][r - fresh_top_i][s - fresh_left_i] inside fresh i's rectangle,
//                  clean[r][s] elsewhere in the map
//   y[i][r][s]   = map_i(top_i + r, left_i + s), by the border's rule outside the map
// so that what reads a changed rectangle with its surroundings gets dense maps, padding included.
// clean is one map [h, w, c], fresh [count, fresh_h, fresh_w, c], y [count, y_h, y_w, c]. Fresh
// rectangles lie inside the map. With Border::mirror a crop reaches less than the map's extent
// beyond it. The places lie on the device.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {

enum class Border : std::uint8_t {
  zero,
  lowest,  ///< minus infinity: what a maximum ignores
  mirror   ///< without repeating the edge (reflect_pad.hpp)
};

struct CropPlace {
  int top = 0, left = 0;              ///< of the crop in the map; may lie outside
  int fresh_top = 0, fresh_left = 0;  ///< of the fresh rectangle in the map
};

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
template <class T>
void patched_crop(const T* clean, const T* fresh, const CropPlace* places, T* y, Maps clean_maps,
                  Maps fresh_maps, Maps y_maps, Border border);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void patched_crop(Stream stream, const T* clean, const T* fresh, const CropPlace* places, T* y,
                  Maps clean_maps, Maps fresh_maps, Maps y_maps, Border border);
}  // namespace phosphene::kernels::cuda
