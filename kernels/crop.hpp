// A rectangle of nchw float planes, whatever their number:
//   y[p, i, j] = x[p, top + i, left + j],  i < out_h, j < out_w
// The rectangle lies inside h x w. Moves y twice.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {
struct CropWindow {
  std::int64_t h, w, top, left, out_h, out_w;
};
}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void crop(const float* x, std::int64_t planes, CropWindow window, float* y);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void crop(Stream stream, const float* x, std::int64_t planes, CropWindow window, float* y);
}  // namespace phosphene::kernels::cuda
