#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace phosphene::formats {

enum class ImageFormat : std::uint8_t { jpeg, png, bmp };

/// Tells the format by the first bytes, whatever the extension says. Throws Error that names what
/// the file is instead (GIF, WebP, HEIC, AVIF, TIFF, JPEG XL, JPEG 2000: with how to convert it) or
/// says that it is no image.
ImageFormat image_format(const std::string& path, std::span<const std::uint8_t> file);

}  // namespace phosphene::formats
