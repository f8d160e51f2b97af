// What lies inside images beside the pixels: an Exif block, an ICC profile.
#include "engine/formats/image_metadata.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Input bytes(data, size);
  const int orientation = phosphene::formats::exif_orientation(bytes);
  fuzz::require(orientation >= 1 && orientation <= 8, "the orientation is one of eight");
  phosphene::formats::is_srgb_profile(bytes);
  return 0;
}
