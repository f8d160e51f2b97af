// A batch of occluded copies of one nchw float image (chapter, 21.4.1): copy i is the image, or a
// view of view_h x view_w pixels cut out of it, with the pixels under its box replaced,
//   y[i][c][r][s] = hidden by the box ? fill : image,  at row top_i + r, column left_i + s,
// by those of a picture of the image's size or by noise. Boxes may lie partly or wholly outside;
// views lie inside the image. Noise depends on the key, the window's number, the channel and the
// pixel of the image alone, so that a view holds what the whole copy holds there.
// The views and the picture lie on the device. Writes y once; image and picture stay in cache.
#pragma once
#include "kernels/common.hpp"

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
  const float* picture = nullptr;  ///< [c, h, w]; null: noise, uniform in [0, 1)
  std::uint64_t key = 0;           ///< of the noise: another for each image
};

/// Output `index` of the generator splitmix64 with this seed.
PHOSPHENE_HOST_DEVICE inline std::uint64_t splitmix64(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

/// The seed of one window's noise, and its value at element `index` of the image, in [0, 1).
PHOSPHENE_HOST_DEVICE inline std::uint64_t noise_seed(std::uint64_t key, int window) {
  return splitmix64(key, static_cast<std::uint64_t>(window));
}
PHOSPHENE_HOST_DEVICE inline float noise(std::uint64_t seed, std::int64_t index) {
  const std::uint64_t bits = splitmix64(seed, static_cast<std::uint64_t>(index)) >> 40;
  return static_cast<float>(bits) * 0x1p-24F;  // 24 bits: exact
}

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
