#include "tests/formats/jpeg_bytes.hpp"

namespace phosphene {
namespace {

using namespace test;

// Squares of one colour a block leave only rounding: Y, Cb and Cr to whole levels at quality 100
// (half a level each, up to 1.8 * .5 + .5 in a channel of RGB), the transforms one more level.
constexpr double kJpeg = 3;

class Jpeg : public Images {};

TEST_F(Jpeg, ReadsColourAndGrey) {
  const Picture picture = coloured_squares(5, 3, 8);
  EXPECT_LT(largest_shift(load("a.jpg", jpeg_of(picture)), picture), kJpeg);
  JpegPlan plan;
  plan.progressive = true;
  EXPECT_LT(largest_shift(load("a.jpg", jpeg_of(picture, plan)), picture), kJpeg);
  plan = {.stored = JCS_RGB, .progressive = false, .exif = {}, .icc = {}};
  EXPECT_LT(largest_shift(load("a.jpg", jpeg_of(picture, plan)), picture), kJpeg);
  plan.stored = JCS_GRAYSCALE;
  Picture grey = picture;
  for (std::size_t i = 0; i < grey.levels.size(); ++i) grey.levels[i] = picture.levels[i / 3 * 3];
  EXPECT_LT(largest_shift(load("a.jpg", jpeg_of(grey, plan)), grey), kJpeg);
  expect_warnings("a.jpg", {});
}

TEST_F(Jpeg, TurnsAsItsExifSays) {
  const Picture stored = coloured_squares(3, 2, 8);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool little : {false, true}) {
      SCOPED_TRACE(orientation);
      JpegPlan plan;
      plan.exif = exif(orientation, little);
      const Tensor image = load("a.jpg", jpeg_of(stored, plan));
      EXPECT_LT(largest_shift(image, upright(stored, orientation)), kJpeg);
    }
  }
}

TEST_F(Jpeg, LeavesADamagedExifAlone) {
  const Picture stored = coloured_squares(3, 2, 8);
  const Bytes whole = exif(6);
  std::vector<Bytes> damaged = {exif(0), exif(9), exif(65535)};
  for (std::size_t size = 1; size < 8 + 2 + 8 + 2; ++size) {
    damaged.emplace_back(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
  }
  Bytes far_away = whole;
  far_away[4] = 0xff;
  damaged.push_back(far_away);
  Bytes many = whole;
  many[8] = many[9] = 0xff;
  many[11] = 0x13;  // and none of them an orientation
  damaged.push_back(many);
  for (const Bytes& block : damaged) {
    JpegPlan plan;
    plan.exif = block;
    EXPECT_LT(largest_shift(load("a.jpg", jpeg_of(stored, plan)), stored), kJpeg);
  }
}

TEST_F(Jpeg, SaysThatAProfileIsIgnoredUnlessItIsSrgb) {
  const Picture picture = coloured_squares(2, 2, 8);
  JpegPlan plan;
  plan.icc = icc_profile("Display P3");
  load("a.jpg", jpeg_of(picture, plan));
  expect_warnings("a.jpg", {"ICC colour profile is ignored"});
  plan.icc = icc_profile("sRGB IEC61966-2.1");
  load("a.jpg", jpeg_of(picture, plan));
  expect_warnings("a.jpg", {});
}

TEST_F(Jpeg, RefusesCmykAndOddComponents) {
  const Picture picture = coloured_squares(2, 2, 8);
  JpegPlan plan;
  for (const J_COLOR_SPACE stored : {JCS_CMYK, JCS_YCCK}) {
    plan.stored = stored;
    expect_refused("a.jpg", jpeg_of(picture, plan), {"CMYK JPEG", "expected RGB or grey"});
  }
  plan.stored = JCS_UNKNOWN;
  expect_refused("a.jpg", jpeg_of(picture, plan), {"2 components", "expected RGB or grey"});
}

TEST_F(Jpeg, RefusesEveryTruncation) {
  JpegPlan progressive;
  progressive.progressive = true;
  const Picture picture = coloured_squares(3, 2, 8);
  for (const Bytes& file : {jpeg_of(picture), jpeg_of(picture, progressive)}) {
    for (std::size_t size = 0; size < file.size(); ++size) {
      SCOPED_TRACE(size);
      expect_refused("a.jpg", Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)),
                     {});
    }
    expect_refused("a.jpg", Bytes(file.begin(), file.end() - 2), {"truncated or corrupt"});
  }
}

TEST_F(Jpeg, RefusesHalfAPhotograph) {
  JpegPlan progressive;
  progressive.progressive = true;
  const Picture picture = coloured_squares(30, 20, 7);
  for (const Bytes& file : {jpeg_of(picture), jpeg_of(picture, progressive)}) {
    expect_refused("a.jpg",
                   Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(file.size() / 2)),
                   {"truncated or corrupt", "remature end"});
  }
}

// The file has its end, but pixels are missing or cannot be decoded: libjpeg would fill in grey.
TEST_F(Jpeg, RefusesLostPixels) {
  const Bytes file = jpeg_of(coloured_squares(30, 20, 7));
  Bytes shorter(file.begin(), file.end() - 300);
  shorter.insert(shorter.end(), {0xff, 0xd9});
  expect_refused("a.jpg", shorter, {"truncated or corrupt", "premature end of data segment"});

  Bytes ones = file;  // a code of ones alone is none in any Huffman table of a JPEG
  for (std::size_t at = ones.size() - 302; at < ones.size() - 2; at += 2) {
    ones[at] = 0xff;
    ones[at + 1] = 0x00;
  }
  expect_refused("a.jpg", ones, {"truncated or corrupt", "bad Huffman code"});
}

// A JPEG has no checksum, so that damage may pass as another picture; it must never do worse.
TEST_F(Jpeg, SurvivesEveryDamagedByte) {
  const Bytes file = jpeg_of(coloured_squares(3, 2, 8));
  int refused = 0;
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      Bytes damaged = file;
      damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ flip);
      try {
        const Tensor image = load("a.jpg", damaged);
        for (std::int64_t i = 0; i < image.count(); ++i) {
          ASSERT_TRUE(image.data()[i] >= 0 && image.data()[i] <= 1);
        }
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 0);
}

TEST_F(Jpeg, ReadsThroughStrayBytesAndSaysSo) {
  const Picture picture = coloured_squares(2, 2, 8);
  Bytes file = jpeg_of(picture);
  file.insert(file.begin() + 2, {0, 0, 0});  // before the first marker after SOI
  file.insert(file.begin() + 2, {0xff, 0xfe, 0, 2});
  EXPECT_LT(largest_shift(load("a.jpg", file), picture), kJpeg);
  expect_warnings("a.jpg", {"against the standard"});
}

TEST_F(Jpeg, ChecksTheSizeFirst) {
  Bytes file = jpeg_of(coloured_squares(2, 2, 8));
  const Bytes start = {0xff, 0xc0};
  const auto frame = std::search(file.begin(), file.end(), start.begin(), start.end());
  ASSERT_NE(frame, file.end());
  const auto height = frame + 5;
  height[0] = height[2] = 0xea;
  height[1] = height[3] = 0x60;
  expect_refused("a.jpg", file, {"60000x60000 pixels", "3600 megapixels", "at most 90"});
}

}  // namespace
}  // namespace phosphene
