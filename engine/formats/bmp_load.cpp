#include <fmt/format.h>

#include <cstdlib>

#include "engine/formats/image_load.hpp"
#include "engine/formats/stb.hpp"

namespace phosphene::formats {
namespace {

std::int64_t little_endian(std::span<const std::uint8_t> bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | bytes[i];
  return static_cast<std::int64_t>(value);
}

struct BmpHeader {
  std::int64_t data_begin = 0, width = 0, height = 0, bits = 0;
  bool alpha = false;

  std::int64_t row_bytes() const { return (width * bits + 31) / 32 * 4; }
};

BmpHeader read_header(const ImageSource& source) {
  constexpr std::size_t kFileHeader = 14, kOldHeader = 12, kCommonHeader = 40, kAlphaMask = 52;
  const auto file = source.bytes;
  const auto need = [&](std::size_t bytes) {
    if (file.size() < kFileHeader + bytes) {
      source.fail("is a truncated BMP: it ends within its header");
    }
  };
  need(kOldHeader);
  BmpHeader header;
  header.data_begin = little_endian(file.subspan(10), 4);
  const auto info = file.subspan(kFileHeader);
  const auto size = static_cast<std::size_t>(little_endian(info, 4));
  if (size == kOldHeader) {
    header.width = little_endian(info.subspan(4), 2);
    header.height = little_endian(info.subspan(6), 2);
    header.bits = little_endian(info.subspan(10), 2);
    return header;
  }
  if (size < kCommonHeader)
    source.fail(fmt::format("is a BMP with an odd header of {} bytes", size));
  need(kCommonHeader);
  header.width = static_cast<std::int32_t>(little_endian(info.subspan(4), 4));
  // Negative: stored from the top down.
  header.height = std::abs(static_cast<std::int32_t>(little_endian(info.subspan(8), 4)) + 0LL);
  header.bits = little_endian(info.subspan(14), 2);
  if (size >= kAlphaMask + 4) {
    need(size);
    header.alpha = header.bits == 32 && little_endian(info.subspan(kAlphaMask), 4) != 0;
  }
  return header;
}

}  // namespace

Tensor load_bmp(const ImageSource& source) {
  const BmpHeader header = read_header(source);
  source.check_size(header.width, header.height);
  // stb_image reads zeros past the end, so a truncated file would pass as a black band.
  const std::int64_t end = header.data_begin + header.row_bytes() * header.height;
  if (end > static_cast<std::int64_t>(source.bytes.size())) {
    source.fail(fmt::format("is a truncated BMP: it has {} bytes of {}", source.bytes.size(), end));
  }
  constexpr int kUpright = 1;
  Tensor image = decode_with_stb(source, header.width, header.height, 8, kUpright);
  if (header.alpha) {
    source.warn("its alpha channel is dropped; the colours are used as they are stored");
  }
  return image;
}

}  // namespace phosphene::formats
