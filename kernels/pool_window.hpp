// Which pixels a pooling window covers, and which windows cover a pixel, along one axis; the same
// on both devices.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {

/// The whole numbers from first up to, not including, last.
struct Range {
  std::int64_t first, last;
  PHOSPHENE_HOST_DEVICE std::int64_t size() const { return last - first; }
};

/// The pixels [0, extent) under window `out`.
PHOSPHENE_HOST_DEVICE inline Range window_pixels(std::int64_t out, int kernel, int stride, int pad,
                                                 std::int64_t extent) {
  const std::int64_t start = out * stride - pad;
  const std::int64_t end = start + kernel;
  return {start > 0 ? start : 0, end < extent ? end : extent};
}

/// The windows [0, outs) over pixel `in`.
PHOSPHENE_HOST_DEVICE inline Range pixel_windows(std::int64_t in, int kernel, int stride, int pad,
                                                 std::int64_t outs) {
  const std::int64_t past = in + pad - kernel;  // windows that start here or before have ended
  const std::int64_t first = past < 0 ? 0 : past / stride + 1;
  const std::int64_t last = (in + pad) / stride + 1;
  return {first, last < outs ? last : outs};
}

/// The part of `extent` in bin `i` of `bins`: [floor(i e / b), ceil((i + 1) e / b)). With the two
/// extents exchanged it gives the bins that cover pixel i.
PHOSPHENE_HOST_DEVICE inline Range bin_range(std::int64_t i, std::int64_t bins,
                                             std::int64_t extent) {
  return {i * extent / bins, ((i + 1) * extent + bins - 1) / bins};
}

}  // namespace phosphene::kernels
