#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "engine/formats/image_load.hpp"
#include "engine/formats/image_metadata.hpp"
#include "engine/formats/stb.hpp"
#include "phosphene/error.hpp"

namespace phosphene::formats {
namespace {

constexpr std::size_t kSignatureBytes = 8, kHeaderBytes = 13, kFrameBytes = 12;

std::uint32_t big_endian(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
         static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
}

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t n = 0; n < 256; ++n) {
    std::uint32_t c = n;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? 0xedb88320u ^ c >> 1 : c >> 1;
    table[n] = c;
  }
  return table;
}

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  static constexpr auto kTable = crc_table();
  std::uint32_t crc = 0xffffffffu;
  for (const std::uint8_t byte : bytes) crc = kTable[(crc ^ byte) & 0xff] ^ crc >> 8;
  return ~crc;
}

struct PngHeader {
  std::uint32_t width = 0, height = 0;
  int bits = 0, colour = 0;

  bool has_alpha() const { return colour == 4 || colour == 6; }
};

PngHeader read_header(const ImageSource& source) {
  const auto file = source.bytes;
  if (file.size() < kSignatureBytes + kFrameBytes + kHeaderBytes) {
    source.fail("is a truncated PNG: it ends within its header");
  }
  const auto body = file.subspan(kSignatureBytes + 8, kHeaderBytes);
  if (big_endian(file.subspan(kSignatureBytes)) != kHeaderBytes ||
      big_endian(file.subspan(kSignatureBytes + 4)) != 0x49484452) {
    source.fail("is a corrupt PNG: it does not begin with an IHDR chunk");
  }
  return {big_endian(body), big_endian(body.subspan(4)), body[8], body[9]};
}

/// What the chunks say besides the pixels.
struct PngNotes {
  bool transparency = false;
  bool foreign_profile = false;
  int orientation = 1;
};

bool is_foreign_profile(std::span<const std::uint8_t> chunk) {
  constexpr std::size_t kLargestSrgb = 64 << 10;
  const auto name_end = std::find(chunk.begin(), chunk.end(), 0);
  // After the name come a zero, and a byte for the method of compression.
  const auto packed = static_cast<std::size_t>(name_end - chunk.begin()) + 2;
  if (packed >= chunk.size()) return true;
  return !is_srgb_profile(inflate(chunk.subspan(packed), kLargestSrgb));
}

/// stb_image checks no CRC, so that damage would pass as odd colours: every chunk is checked here.
PngNotes read_chunks(const ImageSource& source) {
  PngNotes notes;
  auto rest = source.bytes.subspan(kSignatureBytes);
  while (true) {
    if (rest.size() < kFrameBytes) source.fail("is a truncated PNG: it has no IEND chunk");
    const std::size_t length = big_endian(rest);
    const std::string_view type(reinterpret_cast<const char*>(rest.data()) + 4, 4);
    if (length > rest.size() - kFrameBytes) {
      source.fail(fmt::format("is a truncated PNG: it ends within its {} chunk", printable(type)));
    }
    const auto body = rest.subspan(8, length);
    if (crc32(rest.subspan(4, length + 4)) != big_endian(rest.subspan(8 + length))) {
      source.fail(
          fmt::format("is a corrupt PNG: the checksum of its {} chunk is wrong", printable(type)));
    }
    if (type == "acTL") {
      source.fail(
          fmt::format("is an animated PNG; expected a still one: take one frame of it, for "
                      "example with: ffmpeg -i '{}' -frames:v 1 OUT.png",
                      source.path));
    }
    if (type == "tRNS") notes.transparency = true;
    if (type == "iCCP") notes.foreign_profile = is_foreign_profile(body);
    if (type == "eXIf") notes.orientation = exif_orientation(body);
    if (type == "IEND") return notes;
    rest = rest.subspan(kFrameBytes + length);
  }
}

}  // namespace

Tensor load_png(const ImageSource& source) {
  const PngHeader header = read_header(source);
  source.check_size(header.width, header.height);
  const PngNotes notes = read_chunks(source);
  Tensor image = decode_with_stb(source, header.width, header.height, header.bits == 16 ? 16 : 8,
                                 notes.orientation);
  if (header.has_alpha() || notes.transparency) {
    source.warn("its alpha channel is dropped; the colours are used as they are stored");
  }
  if (header.bits == 16) source.warn("has 16 bits a channel; images are written with 8");
  if (notes.foreign_profile) {
    source.warn("its ICC colour profile is ignored; the pixels are taken as sRGB");
  }
  return image;
}

}  // namespace phosphene::formats
