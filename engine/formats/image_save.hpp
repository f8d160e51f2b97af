#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace phosphene::formats {

/// An 8-bit image, `channels` of 1 or 3 interleaved, as a JPEG file of quality 95 with the colour
/// at full resolution (4:4:4). Throws Error that starts with `path`.
std::vector<std::uint8_t> encode_jpeg(const std::string& path, std::span<const std::uint8_t> pixels,
                                      int width, int height, int channels);

}  // namespace phosphene::formats
