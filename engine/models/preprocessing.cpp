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

using Triple = std::vector<float>;

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

  /// Whether "a, b, c" comes next, three numbers of at least 0, and over 0 for a divisor.
  bool take_triple(Triple& values, bool divisor) {
    for (std::size_t i = 0; i < 3; ++i) {
      if ((i > 0 && !take(",")) || !take_number(values[i], divisor)) return false;
    }
    return true;
  }
  bool take_bracketed(Triple& values, bool divisor) {
    return take("(") && take_triple(values, divisor) && take(")");
  }

  /// Whether a number, a triple or the name of one comes next.
  bool take_values(Triple& values, bool divisor, const op::Normalise& named) {
    if (take("mean")) {
      values = named.mean;
    } else if (take("std")) {
      values = named.std;
    } else if (Scanner(*this).take("(")) {
      return take_bracketed(values, divisor);
    } else {
      float value = 0;
      if (!take_number(value, divisor)) return false;
      values = {value, value, value};
    }
    return !divisor || std::ranges::find(values, 0.0F) == values.end();
  }

  /// Whether the square "SxS" comes next, up to a million wide.
  bool take_square(std::int64_t& size) {
    std::int64_t width = 0;
    return take_integer(size) && take("x") && take_integer(width) && width == size;
  }
  bool take_integer(std::int64_t& value) {
    constexpr std::int64_t kMost = 1'000'000;
    take("");
    const auto [next, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{} || value < 1 || value > kMost) return false;
    rest_.remove_prefix(static_cast<std::size_t>(next - rest_.data()));
    return true;
  }

  bool at_end() { return take(";") || rest_.empty(); }

 private:
  bool take_number(float& value, bool divisor) {
    take("");  // the space before it
    const char* end = rest_.data() + rest_.size();
    const auto [next, error] = std::from_chars(rest_.data(), end, value, std::chars_format::fixed);
    if (error != std::errc{} || !std::isfinite(value) || std::signbit(value)) return false;
    rest_.remove_prefix(static_cast<std::size_t>(next - rest_.data()));
    return !divisor || value > 0;
  }

  std::string_view rest_;
};

/// "0..255 minus (a,b,c) over (d,e,f)"
bool take_range(Scanner& scan, op::Normalise& input) {
  scan.take("in");
  if (scan.take("0..255")) {
    input.scale = 255;
  } else if (!scan.take("[0,1]") && !scan.take("0..1")) {
    return false;
  }
  if (scan.take("minus") && !scan.take_bracketed(input.mean, false)) return false;
  return !scan.take("over") || scan.take_bracketed(input.std, true);
}

/// "x/255-m" or "(x/255-m)/s"
bool take_formula(Scanner& scan, op::Normalise& input, const op::Normalise& named) {
  const bool bracket = scan.take("(");
  if (!scan.take("x") || !scan.take("/") || !scan.take("255")) return false;
  if (scan.take("-") && !scan.take_values(input.mean, false, named)) return false;
  return !bracket || (scan.take(")") && scan.take("/") && scan.take_values(input.std, true, named));
}

std::string metadata_at(const std::map<std::string, std::string>& metadata, const char* key) {
  const auto it = metadata.find(key);
  return it == metadata.end() ? "" : it->second;
}

/// The metadata's `mean` or `std`.
void read_triple(const std::map<std::string, std::string>& metadata, const std::string& source,
                 const char* key, bool divisor, Triple& values) {
  const std::string text = metadata_at(metadata, key);
  if (text.empty()) return;
  Scanner scan(text);
  const bool bracket = scan.take("(") || scan.take("[");
  Triple read(3);
  if (!scan.take_triple(read, divisor) || (bracket && !scan.take(")") && !scan.take("]")) ||
      !scan.at_end()) {
    throw Error(source + ": metadata '" + key + "' is '" + printable(text) +
                "', expected three numbers, e.g. 0.485,0.456,0.406");
  }
  values = read;
}

/// The values of --mean or --std in place of the network's own.
void replace(const char* flag, const Triple& given, bool divisor, Triple& values) {
  if (given.empty()) return;
  const auto bad = [&](float v) { return !std::isfinite(v) || (divisor ? v <= 0 : v < 0); };
  if (given.size() != values.size() || std::ranges::any_of(given, bad)) {
    throw UsageError(std::string(flag) + ": expected " + std::to_string(values.size()) +
                     " numbers " + (divisor ? "over 0" : "of at least 0") +
                     ", one a channel, e.g. 0.485,0.456,0.406");
  }
  values = given;
}

/// A mean that lies in another range than the pixels would quietly make nonsense of every image.
void check_range(const Triple& mean, float scale) {
  const float most = std::ranges::max(mean);
  const bool of_bytes = most > 1;
  if (mean.empty() || most == 0 || of_bytes == (scale > 1)) return;
  throw UsageError("--mean: the network reads pixels in " +
                   std::string(of_bytes ? "0..1" : "0..255") + ", expected numbers " +
                   (of_bytes ? "of at most 1" : "in that range") +
                   " (a file's metadata 'input' can say which range)");
}

}  // namespace

op::Normalise imagenet_input() {
  return {{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}, 1, false};
}

op::Normalise caffe_input() { return {{104, 117, 123}, {1, 1, 1}, 255, true}; }

Preprocessing parse_input(const std::string& text, const std::string& source,
                          const op::Normalise& named) {
  Scanner scan(text);
  Preprocessing input{{{0, 0, 0}, {1, 1, 1}, 1, false}};
  op::Normalise& pixels = input.pixels;
  bool good = !scan.take("1x3x") || scan.take_square(input.size);
  pixels.reverse = scan.take("BGR");
  good = good && (pixels.reverse || scan.take("RGB"));
  scan.take("float");
  scan.take(",");
  const bool formula = Scanner(scan).take("x") || Scanner(scan).take("(");
  good = good && (formula ? take_formula(scan, pixels, named) : take_range(scan, pixels));
  if (scan.take(",")) good = good && scan.take_square(input.size);
  if (!good || !scan.at_end()) {
    throw Error(source + ": metadata 'input' is '" + printable(text) +
                "', expected e.g. 'BGR 0..255 minus (104,117,123)' or 'RGB 0..1 minus "
                "(0.485,0.456,0.406) over (0.229,0.224,0.225)'");
  }
  return input;
}

Preprocessing preprocessing_of(const std::map<std::string, std::string>& metadata,
                               const std::string& source, Preprocessing usual,
                               const NetworkOptions& options) {
  Preprocessing result = std::move(usual);
  read_triple(metadata, source, "mean", false, result.pixels.mean);
  read_triple(metadata, source, "std", true, result.pixels.std);
  if (const std::string text = metadata_at(metadata, "input"); !text.empty()) {
    const Preprocessing read = parse_input(text, source, result.pixels);
    result.pixels = read.pixels;
    if (read.size > 0) result.size = read.size;
  }
  if (const std::string text = metadata_at(metadata, "input_size"); !text.empty()) {
    Scanner scan(text);
    if (!scan.take_integer(result.size) || !scan.at_end()) {
      throw Error(source + ": metadata 'input_size' is '" + printable(text) +
                  "', expected the side of a square of pixels, e.g. 224");
    }
  }
  replace("--mean", options.mean, false, result.pixels.mean);
  replace("--std", options.std, true, result.pixels.std);
  if (!options.mean.empty()) check_range(options.mean, result.pixels.scale);
  if (options.input_size < 0) {
    throw UsageError("--input-size " + std::to_string(options.input_size) +
                     ": expected at least 1");
  }
  if (options.input_size > 0) result.size = options.input_size;
  return result;
}

}  // namespace phosphene
