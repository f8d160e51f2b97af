#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "engine/methods/square.hpp"
#include "phosphene/error.hpp"
#include "phosphene/framing.hpp"

namespace phosphene {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// One axis of Pillow's resampling of 8-bit images (Resample.c, BILINEAR): output i has its centre
/// at (i + 0.5) in / out, weighs the pixels around it by a triangle of half-width
/// max(1, in / out), in double precision, and rounds each weight to a multiple of 2^-22.
struct FixedAxis {
  static constexpr int kBits = 22;
  struct Tap {
    std::int64_t first = 0;
    std::vector<std::int32_t> weights{};
  };
  std::vector<Tap> taps;

  FixedAxis(std::int64_t in, std::int64_t out) : taps(static_cast<std::size_t>(out)) {
    const double step = static_cast<double>(in) / static_cast<double>(out);
    const double reach = std::max(1.0, step), narrow = 1.0 / reach;
    for (std::int64_t i = 0; i < out; ++i) {
      Tap& tap = taps[static_cast<std::size_t>(i)];
      const double centre = (static_cast<double>(i) + 0.5) * step;
      // Toward zero, as a cast does.
      tap.first = std::max<std::int64_t>(0, static_cast<std::int64_t>(centre - reach + 0.5));
      const auto end = std::min(in, static_cast<std::int64_t>(centre + reach + 0.5));
      std::vector<double> weights;
      double sum = 0;
      for (std::int64_t j = tap.first; j < end; ++j) {
        const double away = std::abs((static_cast<double>(j) - centre + 0.5) * narrow);
        weights.push_back(away < 1 ? 1 - away : 0);
        sum += weights.back();
      }
      for (const double weight : weights) {
        tap.weights.push_back(static_cast<std::int32_t>(0.5 + weight / sum * (1 << kBits)));
      }
    }
  }

  /// The pixel `i` out of `line`, whose pixels are `stride` bytes apart.
  std::uint8_t at(std::size_t i, const std::uint8_t* line, std::int64_t stride) const {
    const Tap& tap = taps[i];
    std::int32_t sum = 1 << (kBits - 1);
    const std::uint8_t* pixel = line + tap.first * stride;
    for (const std::int32_t weight : tap.weights) {
      sum += weight * *pixel;
      pixel += stride;
    }
    return static_cast<std::uint8_t>(std::clamp(sum >> kBits, 0, 255));
  }
};

/// Plane by plane; of the result only the square is computed.
void resize_plane(const Bytes& plane, std::int64_t h, std::int64_t w, const Square& square,
                  const FixedAxis& rows, const FixedAxis& cols, std::int64_t size, float* out) {
  Bytes across(static_cast<std::size_t>(h * size));
  for (std::int64_t y = 0; y < h; ++y) {
    for (std::int64_t x = 0; x < size; ++x) {
      across[static_cast<std::size_t>(y * size + x)] =
          cols.at(static_cast<std::size_t>(square.left + x), plane.data() + y * w, 1);
    }
  }
  for (std::int64_t y = 0; y < size; ++y) {
    for (std::int64_t x = 0; x < size; ++x) {
      const std::uint8_t value =
          rows.at(static_cast<std::size_t>(square.top + y), across.data() + x, size);
      out[y * size + x] = static_cast<float>(value) / 255.0F;
    }
  }
}

}  // namespace

Tensor frame_8bit(const Tensor& photo, std::int64_t size) {
  const Shape& s = photo.shape();
  if (s.n != 1 || photo.device().is_cuda()) {
    throw UsageError("frame_8bit of " + to_string(s) + " on " + to_string(photo.device()) +
                     ": expected one photograph on the host");
  }
  const Square square = square_to_frame(s, size);
  const FixedAxis rows(s.h, square.h), cols(s.w, square.w);
  Tensor result = Tensor::host({1, s.c, size, size});
  Bytes plane(static_cast<std::size_t>(s.pixels()));
  for (std::int64_t c = 0; c < s.c; ++c) {
    const float* in = photo.data() + c * s.pixels();
    std::transform(in, in + s.pixels(), plane.begin(), [](float value) {
      return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0F, 1.0F) * 255));
    });
    resize_plane(plane, s.h, s.w, square, rows, cols, size, result.data() + c * size * size);
  }
  return result;
}

}  // namespace phosphene
