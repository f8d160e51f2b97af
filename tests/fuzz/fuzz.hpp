#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

#include "phosphene/error.hpp"

namespace fuzz {

using Input = std::span<const std::uint8_t>;

inline std::string_view text_of(Input input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

/// What must hold of every input; libFuzzer keeps the one of which it does not.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

/// What comes from a file must not reach a terminal as more than one line of text.
inline void require_one_line(std::string_view message) {
  const bool control = std::ranges::any_of(
      message, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  require(!control, "a message is one line");
}

/// The only way to refuse an input is an Error; any other exception ends the program.
template <class Read>
void read_or_refuse(Read read) {
  try {
    read();
  } catch (const phosphene::Error& error) {
    require_one_line(error.what());
  }
}

}  // namespace fuzz

// A target implements this: reads `data`, always returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
