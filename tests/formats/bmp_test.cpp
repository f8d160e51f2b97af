#include "tests/formats/image_support.hpp"

namespace phosphene {
namespace {

using namespace test;

struct BmpPlan {
  int bits = 24;
  int header = 40;
  bool top_down = false;
  bool alpha = false;  ///< in the masks of a header of 108 bytes
};

Bytes bmp_of(const Picture& picture, const BmpPlan& plan = {}) {
  Bytes file;
  append(file, "BM");
  append_little(file, 0, 8);  // its size and two reserved numbers, which nobody reads
  append_little(file, 14 + static_cast<std::uint64_t>(plan.header), 4);
  append_little(file, static_cast<std::uint64_t>(plan.header), 4);
  const int h = plan.top_down ? -picture.height : picture.height;
  const int extent_bytes = plan.header == 12 ? 2 : 4;
  append_little(file, static_cast<std::uint64_t>(picture.width), extent_bytes);
  append_little(file, static_cast<std::uint64_t>(h), extent_bytes);
  append_little(file, 1, 2);
  append_little(file, static_cast<std::uint64_t>(plan.bits), 2);
  if (plan.header > 12) append_little(file, plan.header == 108 ? 3 : 0, 4);  // compression
  if (plan.header == 108) {
    append_little(file, 0, 8), append_little(file, 0, 8), append_little(file, 0, 4);
    for (const std::uint32_t mask : {0xff0000u, 0xff00u, 0xffu, plan.alpha ? 0xff000000u : 0u}) {
      append_little(file, mask, 4);
    }
  }
  file.resize(14 + static_cast<std::size_t>(plan.header));
  for (int row = 0; row < picture.height; ++row) {
    const int y = plan.top_down ? row : picture.height - 1 - row;
    for (int x = 0; x < picture.width; ++x) {
      for (int c = 2; c >= 0; --c)
        file.push_back(static_cast<std::uint8_t>(picture.level(x, y, c)));
      if (plan.bits == 32) file.push_back(0x80);
    }
    while ((file.size() - 14 - static_cast<std::size_t>(plan.header)) % 4 != 0) file.push_back(0);
  }
  return file;
}

class Bmp : public Images {};

TEST_F(Bmp, ReadsEitherWayUp) {
  const Picture picture = coloured_squares(3, 5, 1);  // rows of 9 bytes, padded to 12
  BmpPlan plan;
  EXPECT_LT(largest_shift(load("a.bmp", bmp_of(picture)), picture), kExact);
  plan.top_down = true;
  EXPECT_LT(largest_shift(load("a.bmp", bmp_of(picture, plan)), picture), kExact);
  plan = {.bits = 24, .header = 12, .top_down = false, .alpha = false};
  EXPECT_LT(largest_shift(load("a.bmp", bmp_of(picture, plan)), picture), kExact);
  plan = {.bits = 32, .header = 108, .top_down = false, .alpha = false};
  EXPECT_LT(largest_shift(load("a.bmp", bmp_of(picture, plan)), picture), kExact);
  expect_warnings("a.bmp", {});
}

TEST_F(Bmp, DropsAlphaAndSaysSo) {
  const Picture picture = coloured_squares(3, 5, 1);
  const BmpPlan plan{.bits = 32, .header = 108, .top_down = false, .alpha = true};
  EXPECT_LT(largest_shift(load("a.bmp", bmp_of(picture, plan)), picture), kExact);
  expect_warnings("a.bmp", {"alpha channel is dropped"});
}

TEST_F(Bmp, RefusesEveryTruncation) {
  for (const int header : {12, 40, 55, 108}) {  // 55: one byte short of the alpha channel's mask
    const int bits = header == 55 ? 32 : 24;
    const Bytes file = bmp_of(coloured_squares(3, 2, 1),
                              {.bits = bits, .header = header, .top_down = false, .alpha = false});
    for (std::size_t size = 0; size < file.size(); ++size) {
      SCOPED_TRACE(size);
      expect_refused("a.bmp", Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)),
                     {});
    }
    expect_refused("a.bmp", Bytes(file.begin(), file.end() - 1), {"truncated BMP"});
  }
}

TEST_F(Bmp, SurvivesEveryDamagedByte) {
  const Bytes file = bmp_of(coloured_squares(3, 2, 1),
                            {.bits = 32, .header = 108, .top_down = false, .alpha = true});
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      Bytes damaged = file;
      damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ flip);
      try {
        load("a.bmp", damaged);
      } catch (const Error&) {
      }
    }
  }
}

TEST_F(Bmp, ChecksTheSizeFirst) {
  Bytes file = bmp_of(coloured_squares(3, 2, 1));
  file[20] = 0x10;  // a width of 0x100003
  file[24] = 0x10;
  expect_refused("a.bmp", file, {"megapixels", "at most 90"});
  file[18] = file[20] = 0;
  expect_refused("a.bmp", file, {"0x1048578 pixels"});
  file[21] = 0x80;
  expect_refused("a.bmp", file, {"is an image of -2147483648x"});
}

TEST_F(Bmp, RefusesRunLengths) {
  Bytes file = bmp_of(coloured_squares(3, 2, 1));
  file[30] = 1;
  expect_refused("a.bmp", file, {"truncated or corrupt: BMP RLE"});
}

}  // namespace
}  // namespace phosphene
