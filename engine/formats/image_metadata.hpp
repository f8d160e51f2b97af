#pragma once
#include <cstdint>
#include <span>

namespace phosphene::formats {

/// How the stored image must be turned to stand upright: EXIF tag 0x0112, 1 (as it is) to 8.
/// `tiff` is the TIFF structure inside an Exif block. What is absent or damaged reads as 1.
int exif_orientation(std::span<const std::uint8_t> tiff);

/// Whether an ICC profile calls itself sRGB, which is what every pixel is taken for anyway.
bool is_srgb_profile(std::span<const std::uint8_t> profile);

}  // namespace phosphene::formats
