#pragma once
#include <algorithm>
#include <string>

#include "tests/formats/image_support.hpp"

// PNG files by their bytes, with nothing compressed: independent of the reader under test.
namespace phosphene::test {

inline std::uint32_t crc32(const Bytes& bytes) {
  std::uint32_t crc = ~0u;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

/// A zlib stream of stored blocks.
inline Bytes zlib_stored(const Bytes& data) {
  Bytes stream = {0x78, 0x01};
  std::size_t at = 0;
  do {
    const std::size_t size = std::min<std::size_t>(data.size() - at, 65535);
    stream.push_back(at + size == data.size());
    append_little(stream, size, 2);
    append_little(stream, ~size, 2);
    stream.insert(stream.end(), data.begin() + static_cast<std::ptrdiff_t>(at),
                  data.begin() + static_cast<std::ptrdiff_t>(at + size));
    at += size;
  } while (at < data.size());
  std::uint32_t a = 1, b = 0;  // Adler-32
  for (const std::uint8_t byte : data) a = (a + byte) % 65521, b = (b + a) % 65521;
  append_big(stream, b << 16 | a, 4);
  return stream;
}

inline Bytes png_chunk(const std::string& type, const Bytes& body) {
  Bytes checked;
  append(checked, type);
  append(checked, body);
  Bytes chunk;
  append_big(chunk, body.size(), 4);
  append(chunk, checked);
  append_big(chunk, crc32(checked), 4);
  return chunk;
}

inline Bytes png_signature() { return {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}; }

inline Bytes png_header(std::uint32_t width, std::uint32_t height, int bits, int colour) {
  Bytes body;
  append_big(body, width, 4);
  append_big(body, height, 4);
  for (const int value : {bits, colour, 0, 0, 0}) body.push_back(static_cast<std::uint8_t>(value));
  return png_chunk("IHDR", body);
}

/// `rows`: the samples of each row, packed. `extra`: whole chunks between the header and the data.
inline Bytes png(int width, int bits, int colour, const std::vector<Bytes>& rows,
                 const Bytes& extra = {}) {
  Bytes raw;
  for (const Bytes& row : rows) {
    raw.push_back(0);  // no filter
    append(raw, row);
  }
  Bytes file = png_signature();
  append(file, png_header(static_cast<std::uint32_t>(width),
                          static_cast<std::uint32_t>(rows.size()), bits, colour));
  append(file, extra);
  append(file, png_chunk("IDAT", zlib_stored(raw)));
  append(file, png_chunk("IEND", {}));
  return file;
}

inline Bytes png_of(const Picture& picture, const Bytes& extra = {}) {
  std::vector<Bytes> rows(static_cast<std::size_t>(picture.height));
  for (std::size_t i = 0; i < picture.levels.size(); ++i) {
    rows[i / 3 / static_cast<std::size_t>(picture.width)].push_back(
        static_cast<std::uint8_t>(picture.levels[i]));
  }
  return png(picture.width, 8, 2, rows, extra);
}

}  // namespace phosphene::test
