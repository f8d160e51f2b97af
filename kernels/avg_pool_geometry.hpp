// The rectangles that average pooling sums over, for both kinds of it and both devices. A geometry
// answers: which input rows and columns output (i, j) averages, by what area it divides, and which
// outputs average input (i, j).
#pragma once
#include "kernels/pool_window.hpp"

namespace phosphene::kernels {

/// Sliding windows.
struct SlidingGeometry {
  Maps x, y;
  PoolWindow window;
  bool count_pad;

  PHOSPHENE_HOST_DEVICE Range rows(std::int64_t i) const {
    return window_pixels(i, window.kernel_h, window.stride_h, window.pad_top, x.h);
  }
  PHOSPHENE_HOST_DEVICE Range cols(std::int64_t j) const {
    return window_pixels(j, window.kernel_w, window.stride_w, window.pad_left, x.w);
  }
  PHOSPHENE_HOST_DEVICE Range rows_over(std::int64_t i) const {
    return pixel_windows(i, window.kernel_h, window.stride_h, window.pad_top, y.h);
  }
  PHOSPHENE_HOST_DEVICE Range cols_over(std::int64_t j) const {
    return pixel_windows(j, window.kernel_w, window.stride_w, window.pad_left, y.w);
  }
  PHOSPHENE_HOST_DEVICE float area(std::int64_t i, std::int64_t j) const {
    return static_cast<float>(
        length(i, window.kernel_h, window.stride_h, window.pad_top, window.pad_bottom, x.h) *
        length(j, window.kernel_w, window.stride_w, window.pad_left, window.pad_right, x.w));
  }

 private:
  // In ceil mode a window may start inside the padded input and run past its end.
  PHOSPHENE_HOST_DEVICE std::int64_t length(std::int64_t out, int kernel, int stride, int before,
                                            int after, std::int64_t extent) const {
    if (!count_pad) return window_pixels(out, kernel, stride, before, extent).size();
    const std::int64_t room = extent + after - (out * stride - before);
    return room < kernel ? room : kernel;
  }
};

/// Bins that share the input evenly; neighbours overlap by a pixel where it does not divide.
struct AdaptiveGeometry {
  Maps x, y;

  PHOSPHENE_HOST_DEVICE Range rows(std::int64_t i) const { return bin_range(i, y.h, x.h); }
  PHOSPHENE_HOST_DEVICE Range cols(std::int64_t j) const { return bin_range(j, y.w, x.w); }
  PHOSPHENE_HOST_DEVICE Range rows_over(std::int64_t i) const { return bin_range(i, x.h, y.h); }
  PHOSPHENE_HOST_DEVICE Range cols_over(std::int64_t j) const { return bin_range(j, x.w, y.w); }
  PHOSPHENE_HOST_DEVICE float area(std::int64_t i, std::int64_t j) const {
    return static_cast<float>(rows(i).size() * cols(j).size());
  }
};

}  // namespace phosphene::kernels
