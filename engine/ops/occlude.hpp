// Copies of an image that each hide one window (kernels/occlusion.hpp).
#pragma once
#include <cstdint>
#include <span>

#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene::ops {

/// Pixels [top, top + height) x [left, left + width); it may reach outside the image.
struct Box {
  int top = 0, left = 0, height = 0, width = 0;
};

/// A copy, or the part of one that begins at (top, left): inside `box` the fill, around it the
/// image. `window` is its number in the sweep and keys its noise.
struct OccludedView {
  Box box;
  int window = 0;
  int top = 0, left = 0;
};

/// What hides a box: a picture of the image's shape, fp32 on the device; or, without one, noise
/// uniform in [0, 1) that depends on the context's seed, the image's number in the sweep, the
/// window, the channel and the pixel alone.
struct OcclusionFill {
  const Tensor* picture = nullptr;
  std::uint64_t image = 0;
};

/// A list of views on the device.
class OccludedViews {
 public:
  OccludedViews(const Context& context, std::span<const OccludedView> views);
  std::int64_t count() const { return count_; }
  const Tensor& memory() const { return memory_; }

 private:
  std::int64_t count_;
  Tensor memory_;
};

/// y[i] = view `first + i` of image [1, c, h, w], for all of y [n, c, view_h, view_w]; nchw fp32 on
/// the device.
void occlude(const Context& context, const Tensor& image, const OccludedViews& views,
             std::int64_t first, const OcclusionFill& fill, Tensor& y);

}  // namespace phosphene::ops
