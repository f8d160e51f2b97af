// Bilinear resize of nchw float planes with a support that widens when shrinking (antialiased, as
// PIL's BILINEAR): output i is centred at s = (i + 0.5) in / out in the input's pixel edges and
// sums the pixels j with weight max(0, 1 - |j + 0.5 - s| / r), r = max(1, in / out), normalised.
// Two passes, along the rows and then down the columns; `scratch` holds planes h out_w floats.
// Moves x and y once, scratch twice.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {

/// One axis of a resize. With M = max(in, out) the weight of pixel j in output i is
///   max(0, 1 - |(2 j + 1) out - (2 i + 1) in| / (2 M)),
/// so the distance is a whole number and nothing cancels.
struct ResizeAxis {
  std::int64_t in, out;

  PHOSPHENE_HOST_DEVICE std::int64_t reach() const { return 2 * (in > out ? in : out); }
  /// The first pixel whose weight in output i is not 0.
  PHOSPHENE_HOST_DEVICE std::int64_t first(std::int64_t i) const {
    const std::int64_t edge = (2 * i + 1) * in - reach() - out;  // (2 j) out must pass it
    return edge < 0 ? 0 : edge / (2 * out) + 1;
  }
  /// One past the last.
  PHOSPHENE_HOST_DEVICE std::int64_t last(std::int64_t i) const {
    const std::int64_t edge = (2 * i + 1) * in + reach() - out;  // (2 j) out must stay below it
    const std::int64_t past = (edge + 2 * out - 1) / (2 * out);
    return past < in ? past : in;
  }
  /// Not yet normalised.
  PHOSPHENE_HOST_DEVICE float weight(std::int64_t i, std::int64_t j) const {
    const std::int64_t apart = (2 * j + 1) * out - (2 * i + 1) * in;
    const auto distance = static_cast<float>(apart < 0 ? -apart : apart);
    return 1.0F - distance / static_cast<float>(reach());
  }
};

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void resize(const float* x, std::int64_t planes, std::int64_t h, std::int64_t w, std::int64_t out_h,
            std::int64_t out_w, float* scratch, float* y);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void resize(Stream stream, const float* x, std::int64_t planes, std::int64_t h, std::int64_t w,
            std::int64_t out_h, std::int64_t out_w, float* scratch, float* y);
}  // namespace phosphene::kernels::cuda
