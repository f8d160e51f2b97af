// A batch of occluded copies of one nchw float image (chapter, 21.4.1): copy i is the image with
// the rectangle boxes[i] filled by `value[c]`. Rectangles are clipped to the image. boxes and
// value lie on the device.
// Writes y once; the image stays in cache.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {
struct Box {
  int top, left, height, width;
};
}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void occlude(const float* image, std::int64_t c, std::int64_t h, std::int64_t w, const Box* boxes,
             std::int64_t count, const float* value, float* y);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void occlude(Stream stream, const float* image, std::int64_t c, std::int64_t h, std::int64_t w,
             const Box* boxes, std::int64_t count, const float* value, float* y);
}  // namespace phosphene::kernels::cuda
