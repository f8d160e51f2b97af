#pragma once
#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "phosphene/error.hpp"
#include "phosphene/graph.hpp"
#include "phosphene/methods/style_transfer.hpp"

// The values of flags, read from their text. What is none is a phosphene::UsageError that names the
// flag, the text, and what was expected.
namespace apps {

/// Reads all of `text`; `expected` says what it should have been. NaN and infinity are no numbers.
template <class Number>
Number number(const char* flag, std::string_view text, const std::string& expected,
              Number least = std::numeric_limits<Number>::lowest(),
              Number most = std::numeric_limits<Number>::max()) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Written so that NaN, which compares as false, is refused.
  if (error != std::errc{} || end != text.data() + text.size() ||
      !(value >= least && value <= most)) {
    throw phosphene::UsageError(std::string(flag) + " '" + std::string(text) + "': expected " +
                                expected);
  }
  return value;
}

/// The value that goes by the name `text`; what is none of them is refused with all of their names.
template <class Value>
Value choose(const char* flag, const std::string& text,
             const std::vector<std::pair<std::string, Value>>& choices) {
  std::string names;
  for (const auto& [name, value] : choices) {
    if (name == text) return value;
    names += (names.empty() ? "" : ", ") + name;
  }
  throw phosphene::UsageError(std::string(flag) + " '" + phosphene::printable(text) +
                              "': expected " + names);
}

/// A longest side in pixels, at most a million: that keeps the bytes of a run within 64 bits.
/// `otherwise` is what else the flag takes, for the message.
std::int64_t side(const char* flag, std::string_view text, const std::string& otherwise = {});

/// "N" for a square, or "HxW": each at least 1.
phosphene::Extent extent(const char* flag, std::string_view text);

/// "relu1_1" or "relu1_1:0.5", each layer once.
std::vector<phosphene::LayerWeight> layer_weights(const char* flag,
                                                  const std::vector<std::string>& texts);

struct IterationRange {
  int from = 0, to = 0;
};
/// "A:B" with 0 <= A < B.
IterationRange iteration_range(const char* flag, std::string_view text);

}  // namespace apps
