#include "engine/models/preprocessing.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <system_error>
#include <vector>

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// Takes a text apart from its start. The text comes from a file and may be of any length, at which
/// std::regex, which recurses for every character, would run out of stack.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  /// Whether `word` comes next, after any space; then it is taken.
  bool take(std::string_view word) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n\v\f"), rest_.size()));
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  /// Whether "(a, b, c)" comes next, three numbers of at least 0, and over 0 for a divisor.
  bool take_triple(std::vector<float>& values, bool divisor) {
    for (std::size_t i = 0; i < 3; ++i) {
      if (!take(i == 0 ? "(" : ",")) return false;
      if (!take_number(values[i]) || (divisor && values[i] == 0)) return false;
    }
    return take(")");
  }

  bool at_end() { return take(";") || rest_.empty(); }

 private:
  bool take_number(float& value) {
    take("");  // the space before it
    const char* end = rest_.data() + rest_.size();
    const auto [next, error] = std::from_chars(rest_.data(), end, value, std::chars_format::fixed);
    if (error != std::errc{} || !std::isfinite(value) || std::signbit(value)) return false;
    rest_.remove_prefix(static_cast<std::size_t>(next - rest_.data()));
    return true;
  }

  std::string_view rest_;
};

}  // namespace

op::Normalise imagenet_input() {
  return {{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}, 1, false};
}

op::Normalise parse_input(const std::string& text, const std::string& source) {
  Scanner scan(text);
  op::Normalise input{{0, 0, 0}, {1, 1, 1}, 1, false};
  input.reverse = scan.take("BGR");
  bool good = input.reverse || scan.take("RGB");
  scan.take("in");
  if (scan.take("0..255")) {
    input.scale = 255;
  } else {
    good = good && (scan.take("[0,1]") || scan.take("0..1"));
  }
  if (scan.take("minus")) good = good && scan.take_triple(input.mean, false);
  if (scan.take("over")) good = good && scan.take_triple(input.std, true);
  if (!good || !scan.at_end()) {
    throw Error(source + ": metadata 'input' is '" + printable(text) +
                "', expected e.g. 'BGR 0..255 minus (104,117,123)' or 'RGB 0..1 minus "
                "(0.485,0.456,0.406) over (0.229,0.224,0.225)'");
  }
  return input;
}

}  // namespace phosphene
