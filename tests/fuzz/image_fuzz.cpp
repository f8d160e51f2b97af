// An image file of any format, from its bytes to its pixels.
#include <string>
#include <vector>

#include "engine/formats/image_load.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace phosphene;

/// Small, so that no input takes long; the limit itself is part of what is tried.
constexpr double kMaxMegapixels = 0.05;

void read(fuzz::Input file) {
  static const std::string path = "fuzzed";
  static const ImageOptions options{kMaxMegapixels,
                                    [](const std::string& line) { fuzz::require_one_line(line); }};
  fuzz::read_or_refuse([&] {
    const Tensor image = formats::decode_image({path, file, options});
    const Shape shape = image.shape();
    fuzz::require(shape.n == 1 && shape.c == 3 && shape.h > 0 && shape.w > 0, "it is an image");
    fuzz::require(static_cast<double>(shape.h * shape.w) <= kMaxMegapixels * 1e6,
                  "it is not larger than allowed");
    const bool in_range = std::all_of(image.data(), image.data() + shape.count(),
                                      [](float value) { return value >= 0 && value <= 1; });
    fuzz::require(in_range, "every pixel is in [0,1]");
  });
}

std::uint32_t crc32(fuzz::Input bytes) {
  std::uint32_t crc = ~0U;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

/// The PNG with every checksum right: a mutation never gets one right.
std::vector<std::uint8_t> mended(fuzz::Input file) {
  constexpr std::size_t kSignature = 8, kFrame = 12;
  std::vector<std::uint8_t> png(file.begin(), file.end());
  for (std::size_t at = kSignature; png.size() - at >= kFrame;) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | png[at + i];
    if (length > png.size() - at - kFrame) break;
    const std::uint32_t crc = crc32(fuzz::Input(png).subspan(at + 4, length + 4));
    at += length + kFrame;
    for (std::size_t i = 1; i <= 4; ++i)
      png[at - i] = static_cast<std::uint8_t>(crc >> 8 * (i - 1));
  }
  return png;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Input file(data, size);
  read(file);
  if (fuzz::text_of(file).starts_with("\x89PNG\r\n\x1a\n")) read(mended(file));
  return 0;
}
