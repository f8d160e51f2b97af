#include "tests/formats/png_bytes.hpp"

namespace phosphene {
namespace {

using namespace test;

class Png : public Images {};

TEST_F(Png, ReadsRgbAsItIs) {
  const Picture picture = coloured_squares(5, 3, 1);
  EXPECT_LT(largest_shift(load("a.png", png_of(picture)), picture), kExact);
  expect_warnings("a.png", {});
}

TEST_F(Png, TheExtensionDoesNotMatter) {
  const Picture picture = coloured_squares(2, 2, 1);
  EXPECT_LT(largest_shift(load("a.jpg", png_of(picture)), picture), kExact);
}

TEST_F(Png, ExpandsGreyAndPalette) {
  const Picture greys{4, 1, {0, 0, 0, 85, 85, 85, 170, 170, 170, 255, 255, 255}};
  EXPECT_LT(largest_shift(load("a.png", png(4, 8, 0, {{0, 85, 170, 255}})), greys), kExact);
  EXPECT_LT(largest_shift(load("a.png", png(4, 2, 0, {{0b00011011}})), greys), kExact);
  const Picture bits{3, 1, {255, 255, 255, 0, 0, 0, 255, 255, 255}};
  EXPECT_LT(largest_shift(load("a.png", png(3, 1, 0, {{0b10100000}})), bits), kExact);
  const Bytes palette = png_chunk("PLTE", {10, 20, 30, 200, 100, 0});
  const Picture colours{3, 1, {200, 100, 0, 10, 20, 30, 200, 100, 0}};
  EXPECT_LT(largest_shift(load("a.png", png(3, 8, 3, {{1, 0, 1}}, palette)), colours), kExact);
  expect_warnings("a.png", {});
}

TEST_F(Png, DropsAlphaAndSaysSo) {
  const Picture picture{2, 1, {10, 20, 30, 40, 50, 60}};
  EXPECT_LT(largest_shift(load("a.png", png(2, 8, 6, {{10, 20, 30, 0, 40, 50, 60, 128}})), picture),
            kExact);
  expect_warnings("a.png", {"alpha channel is dropped"});

  const Picture grey{2, 1, {7, 7, 7, 9, 9, 9}};
  EXPECT_LT(largest_shift(load("a.png", png(2, 8, 4, {{7, 0, 9, 255}})), grey), kExact);
  expect_warnings("a.png", {"alpha channel is dropped"});

  Bytes chunks = png_chunk("PLTE", {10, 20, 30, 40, 50, 60});
  append(chunks, png_chunk("tRNS", {0}));
  EXPECT_LT(largest_shift(load("a.png", png(2, 8, 3, {{0, 1}}, chunks)), picture), kExact);
  expect_warnings("a.png", {"alpha channel is dropped"});

  const Bytes key = png_chunk("tRNS", {0, 10, 0, 20, 0, 30});
  EXPECT_LT(largest_shift(load("a.png", png(2, 8, 2, {{10, 20, 30, 40, 50, 60}}, key)), picture),
            kExact);
  expect_warnings("a.png", {"alpha channel is dropped"});
}

TEST_F(Png, Keeps16BitsAndSaysSo) {
  const Tensor image = load("a.png", png(1, 16, 2, {{0x12, 0x34, 0xff, 0xff, 0x00, 0x01}}));
  EXPECT_EQ(image.shape(), (Shape{1, 3, 1, 1}));
  EXPECT_EQ(image.data()[0], 0x1234 / 65535.0f);
  EXPECT_EQ(image.data()[1], 1.0f);
  EXPECT_EQ(image.data()[2], 1 / 65535.0f);
  expect_warnings("a.png", {"16 bits a channel"});

  const Tensor grey = load("a.png", png(1, 16, 4, {{0x80, 0x01, 0x00, 0x00}}));
  for (int c = 0; c < 3; ++c) EXPECT_EQ(grey.data()[c], 0x8001 / 65535.0f);
  expect_warnings("a.png", {"alpha", "16 bits"});
}

TEST_F(Png, TurnsAsItsExifSays) {
  const Picture stored = coloured_squares(3, 2, 1);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const Tensor image = load("a.png", png_of(stored, png_chunk("eXIf", exif(orientation))));
    EXPECT_LT(largest_shift(image, upright(stored, orientation)), kExact);
  }
}

TEST_F(Png, SaysThatAProfileIsIgnoredUnlessItIsSrgb) {
  const Picture picture = coloured_squares(2, 2, 1);
  const auto with_profile = [&](const Bytes& profile) {
    Bytes body;
    append(body, "a name");
    body.insert(body.end(), {0, 0});
    append(body, zlib_stored(profile));
    return png_of(picture, png_chunk("iCCP", body));
  };
  load("a.png", with_profile(icc_profile("Adobe RGB (1998)")));
  expect_warnings("a.png", {"ICC colour profile is ignored"});
  load("a.png", with_profile(icc_profile("sRGB IEC61966-2.1")));
  expect_warnings("a.png", {});
  load("a.png", with_profile({1, 2, 3}));
  expect_warnings("a.png", {"ICC colour profile is ignored"});
  load("a.png", png_of(picture, png_chunk("iCCP", {})));
  expect_warnings("a.png", {"ICC colour profile is ignored"});
}

TEST_F(Png, RefusesAnimations) {
  expect_refused("a.png", png_of(coloured_squares(2, 2, 1), png_chunk("acTL", Bytes(8))),
                 {"animated PNG", "expected a still one"});
}

TEST_F(Png, RefusesEveryTruncation) {
  const Bytes file = png_of(coloured_squares(3, 2, 1));
  for (std::size_t size = 0; size < file.size(); ++size) {
    SCOPED_TRACE(size);
    expect_refused("a.png", Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)),
                   {});
  }
  expect_refused("a.png", Bytes(file.begin(), file.end() - 12), {"truncated PNG", "no IEND"});
  expect_refused("a.png", Bytes(file.begin(), file.end() - 20), {"truncated PNG", "IDAT"});
}

TEST_F(Png, RefusesEveryDamagedByte) {
  const Bytes file = png_of(coloured_squares(3, 2, 1));
  for (std::size_t at = 0; at < file.size(); ++at) {
    SCOPED_TRACE(at);
    Bytes damaged = file;
    damaged[at] ^= 0x10;
    expect_refused("a.png", damaged, {});
  }
  Bytes damaged = file;
  damaged[file.size() - 20] ^= 1;
  expect_refused("a.png", damaged, {"corrupt PNG", "checksum of its IDAT"});
}

/// The decoder's message quotes the chunk's type, which may be any four bytes.
TEST_F(Png, KeepsMessagesToOneLine) {
  const Picture picture = coloured_squares(2, 2, 1);
  expect_refused("a.png", png_of(picture, png_chunk("A\x1b\nB", {})), {"corrupt: A??B PNG chunk"});
}

TEST_F(Png, RefusesTooFewPixels) {
  Bytes file = png_signature();
  append(file, png_header(3, 2, 8, 2));
  append(file, png_chunk("IDAT", zlib_stored(Bytes(10))));
  append(file, png_chunk("IEND", {}));
  expect_refused("a.png", file, {"truncated or corrupt"});
}

TEST_F(Png, ChecksTheSizeFirst) {
  const auto of_size = [](std::uint32_t width, std::uint32_t height) {
    Bytes file = png_signature();
    append(file, png_header(width, height, 8, 2));
    append(file, png_chunk("IEND", {}));
    return file;
  };
  expect_refused("a.png", of_size(200000, 100000),
                 {"200000x100000 pixels", "20000 megapixels", "at most 90"});
  expect_refused("a.png", of_size(0xffffffff, 0xffffffff), {"megapixels"});
  expect_refused("a.png", of_size(0, 5), {"0x5 pixels"});
  expect_refused("a.png", of_size(5, 0), {"5x0 pixels"});
  options_.max_megapixels = 6e-6;
  EXPECT_NO_THROW(load("a.png", png_of(coloured_squares(3, 2, 1))));
  expect_refused("a.png", png_of(coloured_squares(7, 1, 1)), {"7x1 pixels", "at most 6e-06"});
}

/// Zeros without end, as deflate's fixed code has them: 258 for every 13 bits.
Bytes zlib_of_zeros(int millions) {
  Bytes stream = {0x78, 0x01};
  unsigned pending = 0;
  int bits = 0;
  const auto put = [&](unsigned value, int count) {
    for (int i = 0; i < count; ++i) {
      pending |= (value >> i & 1u) << bits++;
      if (bits == 8) stream.push_back(static_cast<std::uint8_t>(pending)), pending = 0, bits = 0;
    }
  };
  put(0b011, 3);       // the last block, in the fixed code
  put(0b00001100, 8);  // the literal 0 (codes are written from their top bit)
  for (int i = 0; i < millions * 3876; ++i) {
    put(0b10100011, 8);  // length 258
    put(0, 5);           // from one byte back
  }
  put(0, 7);  // the end
  put(0, 7);
  stream.insert(stream.end(), 4, 0);
  return stream;
}

TEST_F(Png, RefusesASmallFileThatUnpacksToALot) {
  Bytes file = png_signature();
  append(file, png_header(1, 1, 8, 2));
  append(file, png_chunk("IDAT", zlib_of_zeros(64)));
  append(file, png_chunk("IEND", {}));
  ASSERT_LT(file.size(), 500'000u);
  expect_refused("a.png", file, {"truncated or corrupt", "outofmem"});
  const Picture picture = coloured_squares(2, 2, 1);
  EXPECT_LT(largest_shift(load("a.png", png_of(picture)), picture), kExact);
}

}  // namespace
}  // namespace phosphene
