#include "checksum.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>

#include "phosphene/error.hpp"

namespace apps {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
    table[i] = crc;
  }
  return table;
}

std::uint32_t add_to_crc(std::uint32_t crc, std::string_view bytes) {
  static constexpr auto kTable = crc_table();
  for (const char c : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return crc;
}

std::string hexadecimal(std::uint32_t value) {
  std::array<char, 9> text;
  std::snprintf(text.data(), text.size(), "%08x", value);
  return text.data();
}

}  // namespace

std::string crc32(std::string_view bytes) { return hexadecimal(~add_to_crc(~0U, bytes)); }

std::string crc32_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 1 << 16> buffer;
  std::uint32_t crc = ~0U;
  while (file) {
    file.read(buffer.data(), buffer.size());
    crc = add_to_crc(crc, {buffer.data(), static_cast<std::size_t>(file.gcount())});
  }
  if (!file.eof()) throw phosphene::Error(path + ": cannot be read again");
  return hexadecimal(~crc);
}

}  // namespace apps
