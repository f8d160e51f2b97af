#include "checksum.hpp"

#include <array>
#include <cstdio>
#include <cstring>
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

std::string hexadecimal(std::uint64_t value, int digits) {
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "%0*llx", digits, static_cast<unsigned long long>(value));
  return text.data();
}

}  // namespace

std::string crc32(std::string_view bytes) { return hexadecimal(~add_to_crc(~0U, bytes), 8); }

std::string crc32_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 1 << 16> buffer;
  std::uint32_t crc = ~0U;
  while (file) {
    file.read(buffer.data(), buffer.size());
    crc = add_to_crc(crc, {buffer.data(), static_cast<std::size_t>(file.gcount())});
  }
  if (!file.eof()) throw phosphene::Error(path + ": cannot be read again");
  return hexadecimal(~crc, 8);
}

void Fingerprint::add(std::string_view bytes) {
  const auto mix = [this](std::uint64_t word) {
    // Both steps are one-to-one: of two inputs that differ in one word the states differ.
    state_ = (state_ ^ word) * 0xff51afd7ed558ccd;
    state_ ^= state_ >> 32;
  };
  mix(bytes.size());
  for (; bytes.size() >= sizeof(std::uint64_t); bytes.remove_prefix(sizeof(std::uint64_t))) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    mix(word);
  }
  std::uint64_t rest = 0;
  if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());
  mix(rest);
}

std::string Fingerprint::text() const { return hexadecimal(state_, 16); }

}  // namespace apps
