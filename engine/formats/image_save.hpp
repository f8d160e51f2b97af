#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "phosphene/tensor.hpp"

namespace phosphene::formats {

/// The first image, interleaved and rounded to 8 bits. What lies outside [0,1] ends at its nearer
/// bound, as any 8-bit image has it; NaN has none: Error that starts with `path`.
std::vector<std::uint8_t> to_8_bits(const std::string& path, const Tensor& image);

struct JpegOptions {
  int quality = 95;          ///< libjpeg's, 1 to 100
  bool half_colour = false;  ///< the colour at half resolution (4:2:0), rather than at full (4:4:4)
};

/// An 8-bit image, `channels` of 1 or 3 interleaved, as a JPEG file. Throws Error that starts with
/// `path`.
std::vector<std::uint8_t> encode_jpeg(const std::string& path, std::span<const std::uint8_t> pixels,
                                      int width, int height, int channels,
                                      const JpegOptions& options = {});

/// What is left of an image [1, 3, h, w] on the host after a JPEG file: rounded to 8 bits, encoded,
/// decoded, all in memory.
Tensor through_jpeg(const Tensor& image, const JpegOptions& options);

}  // namespace phosphene::formats
