#include "phosphene/fingerprint.hpp"

#include <array>
#include <cstdio>
#include <cstring>

namespace phosphene {

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

std::string Fingerprint::text() const {
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(state_));
  return text.data();
}

}  // namespace phosphene
