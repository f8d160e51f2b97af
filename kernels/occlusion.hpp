// A batch of occluded copies of one nchw float image (chapter, 21.4.1): copy i is the image, or a
// view of view_h x view_w pixels cut out of it, with the pixels under its box replaced,
//   y[i][c][r][s] = hidden by the box ? fill : image,  at row top_i + r, column left_i + s,
// by those of a picture of the image's size or by noise. Boxes may lie partly or wholly outside;
// views lie inside the image. Noise depends on seed, image, the window's number, the channel
// and the pixel alone (kernels/philox.hpp), so that a view holds what the whole copy holds there.
// The views and the picture lie on the device. Writes y once; image and picture stay in cache.
#pragma once
#include "kernels/common.hpp"
#include "kernels/philox.hpp"

namespace phosphene::kernels {

struct Box {
  int top, left, height, width;

  PHOSPHENE_HOST_DEVICE bool covers(std::int64_t row, std::int64_t col) const {
    return row >= top && row < std::int64_t{top} + height && col >= left &&
           col < std::int64_t{left} + width;
  }
};

struct OccludedView {
  Box box;
  int window = 0;         ///< the number that keys its noise
  int top = 0, left = 0;  ///< where the view begins in the image
};

/// What hides a box.
struct OcclusionFill {
  const float* picture = nullptr;     ///< [c, h, w]; null: noise, uniform in [0, 1)
  std::uint64_t seed = 0, image = 0;  ///< of the noise, whose sample is the window

  PHOSPHENE_HOST_DEVICE float at(int window, std::int64_t element) const {
    if (picture != nullptr) return picture[element];
    return uniform_noise({seed, image, static_cast<std::uint32_t>(window)}, element);
  }
};

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void occlude(const float* image, std::int64_t c, std::int64_t h, std::int64_t w,
             const OccludedView* views, std::int64_t count, std::int64_t view_h,
             std::int64_t view_w, OcclusionFill fill, float* y);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void occlude(Stream stream, const float* image, std::int64_t c, std::int64_t h, std::int64_t w,
             const OccludedView* views, std::int64_t count, std::int64_t view_h,
             std::int64_t view_w, OcclusionFill fill, float* y);
}  // namespace phosphene::kernels::cuda
