#include "epsilons.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "flag_values.hpp"
#include "phosphene/error.hpp"

namespace apps {
namespace {

using phosphene::Norm;
using phosphene::UsageError;

constexpr const char* kNumber = "a number or a fraction such as 8/255";
constexpr const char* kList =
    "values such as 0,1/255,2/255 or a range FROM:TO:STEP such as 0:16:1/255";
constexpr std::size_t kMost = 1000;

std::string short_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

double checked(const char* flag, std::string_view text, double value, Norm norm) {
  const std::string given = std::string(flag) + " '" + phosphene::printable(text) + "': ";
  if (value < 0) throw UsageError(given + "is negative, expected 0 or more");
  if (norm == Norm::linf && value > 1) {
    const std::string meant =
        value <= 255 ? "; of pixels up to 255 it is " + short_text(value) + "/255" : "";
    throw UsageError(given + "expected at most 1, as pixels are in [0,1]" + meant);
  }
  constexpr double kLargest = 1e6;  // no image is so far from another
  if (!(value <= kLargest)) throw UsageError(given + "expected at most 1000000");
  return value;
}

std::vector<double> range(const char* flag, std::string_view text, std::size_t colon) {
  const std::string expected = kList;
  const std::size_t second = text.find(':', colon + 1);
  const std::size_t slash = text.find('/', second);
  const auto fail = [&](const std::string& found = "") -> UsageError {
    return UsageError(std::string(flag) + " '" + phosphene::printable(text) + "': " + found +
                      "expected " + expected);
  };
  if (second == std::string_view::npos) throw fail("STEP is missing, ");
  if (text.find(':', second + 1) != std::string_view::npos) throw fail("has more than 3 parts, ");
  if (text.find('/') != slash) {
    throw fail("the denominator of all three stands once, at the end, ");
  }
  double below = 1;
  std::array<double, 3> values{};
  try {
    if (slash != std::string_view::npos) {
      below = number<double>(flag, text.substr(slash + 1), expected, 1e-9);
    }
    const auto last = slash == std::string_view::npos ? text.size() : slash;
    values = {number<double>(flag, text.substr(0, colon), expected),
              number<double>(flag, text.substr(colon + 1, second - colon - 1), expected),
              number<double>(flag, text.substr(second + 1, last - second - 1), expected)};
  } catch (const UsageError&) {  // of a part; what was typed is the whole
    throw fail();
  }
  const auto [from, to, step] = values;
  if (!(step > 0)) throw fail("STEP is not above 0, ");
  if (!(to >= from)) throw fail("TO is below FROM, ");
  if ((to - from) / step >= static_cast<double>(kMost)) {
    throw UsageError(std::string(flag) + " '" + phosphene::printable(text) +
                     "': expected at most " + std::to_string(kMost) + " values");
  }
  std::vector<double> result;
  for (int i = 0; from + i * step <= to + 1e-9 * step; ++i) {
    constexpr double kDigits = 1e12;  // 0.1 * 3 is no 0.3
    result.push_back(std::round((from + i * step) * kDigits) / kDigits / below);
  }
  return result;
}

}  // namespace

double fraction(const char* flag, std::string_view text) {
  const std::size_t slash = text.find('/');
  try {
    const double above = number<double>(flag, text.substr(0, slash), kNumber);
    if (slash == std::string_view::npos) return above;
    return above / number<double>(flag, text.substr(slash + 1), kNumber, 1e-9);
  } catch (const UsageError&) {  // of a part; what was typed is the whole
    throw UsageError(std::string(flag) + " '" + phosphene::printable(text) + "': expected " +
                     kNumber);
  }
}

double epsilon(const char* flag, std::string_view text, Norm norm) {
  return checked(flag, text, fraction(flag, text), norm);
}

std::vector<double> epsilons(const char* flag, std::string_view text, Norm norm) {
  std::vector<double> result;
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    result = range(flag, text, colon);
    const bool whole = text.find('/') == std::string_view::npos;
    if (norm == Norm::linf && whole && result.back() > 1 && result.back() <= 255) {
      throw UsageError(std::string(flag) + " '" + phosphene::printable(text) + "': goes up to " +
                       short_text(result.back()) +
                       ", expected at most 1, as pixels are in [0,1]; of pixels up to 255 it is " +
                       phosphene::printable(text) + "/255");
    }
  } else {
    for (std::size_t from = 0; from <= text.size();) {
      const std::size_t comma = std::min(text.find(',', from), text.size());
      result.push_back(fraction(flag, text.substr(from, comma - from)));
      from = comma + 1;
    }
  }
  for (const double value : result) checked(flag, text, value, norm);
  std::ranges::sort(result);
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

std::string tiny_l2(const char* flag, std::string_view text, double radius, bool has_linf) {
  constexpr double kUnusual = 0.1;
  if (!(radius > 0 && radius < kUnusual)) return "";
  std::array<char, 16> length{};
  std::snprintf(length.data(), length.size(), "%.2g", radius);
  return std::string(flag) + " " + phosphene::printable(text) + ": in L2 it is the length of the " +
         "whole change, " + length.data() + ", next to nothing" +
         (has_linf ? "; with --norm linf it is of each pixel" : "");
}

std::string usual_epsilons(Norm norm) { return norm == Norm::linf ? "0:16:1/255" : "0:2:0.125"; }

}  // namespace apps
