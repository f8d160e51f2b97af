#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/formats/image_load.hpp"

namespace phosphene::formats {

/// Decodes with stb_image a PNG or BMP whose header was checked, in `bits` of 8 or 16 a channel.
/// No single allocation exceeds what width x height pixels can need, so a small file cannot unpack
/// to fill the memory.
Tensor decode_with_stb(const ImageSource& source, std::int64_t width, std::int64_t height, int bits,
                       int orientation);

/// Unpacks a zlib stream of at most `largest` bytes; empty where it is damaged or longer.
std::vector<std::uint8_t> inflate(std::span<const std::uint8_t> packed, std::size_t largest);

/// An 8-bit image, `channels` of 1 or 3 interleaved, as a PNG file.
std::vector<std::uint8_t> encode_png(std::span<const std::uint8_t> pixels, int width, int height,
                                     int channels);

}  // namespace phosphene::formats
