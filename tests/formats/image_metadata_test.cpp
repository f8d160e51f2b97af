#include "engine/formats/image_metadata.hpp"

#include "tests/formats/image_support.hpp"

namespace phosphene {
namespace {

using namespace test;

TEST(ExifOrientation, StopsAtTheEnd) {
  constexpr std::size_t kValueEnd = 8 + 2 + 8 + 2;
  for (const bool little : {false, true}) {
    const Bytes whole = exif(6, little);
    const std::span<const std::uint8_t> bytes(whole);
    // The bytes beyond the end are there and would give 6: they must not be looked at.
    for (std::size_t size = 0; size < kValueEnd; ++size) {
      EXPECT_EQ(formats::exif_orientation(bytes.first(size)), 1) << size;
    }
    EXPECT_EQ(formats::exif_orientation(bytes.first(kValueEnd)), 6);
  }
}

TEST(IccProfile, ReadsTheDescriptionOfEitherVersion) {
  EXPECT_TRUE(formats::is_srgb_profile(icc_profile("sRGB IEC61966-2.1")));
  EXPECT_TRUE(formats::is_srgb_profile(icc_profile(std::string("\0s\0R\0G\0B", 8))));
  EXPECT_FALSE(formats::is_srgb_profile(icc_profile("Adobe RGB (1998)")));
  EXPECT_FALSE(formats::is_srgb_profile({}));
}

TEST(IccProfile, StopsAtTheEnd) {
  const Bytes whole = icc_profile("sRGB");
  const std::span<const std::uint8_t> bytes(whole);
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {  // the last byte is a zero
    EXPECT_FALSE(formats::is_srgb_profile(bytes.first(size))) << size;
  }
}

}  // namespace
}  // namespace phosphene
