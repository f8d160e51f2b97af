#include "flag_values.hpp"

#include <algorithm>

namespace apps {

using phosphene::LayerWeight;
using phosphene::UsageError;

std::int64_t side(const char* flag, std::string_view text, const std::string& otherwise) {
  constexpr std::int64_t kLargest = 1'000'000;
  return number<std::int64_t>(flag, text, "a whole number from 1 to 1000000" + otherwise, 1,
                              kLargest);
}

phosphene::Extent extent(const char* flag, std::string_view text) {
  const std::string expected = "whole numbers from 1 to 1000000: N, or HxW";
  const auto read = [&](std::string_view part) {
    return number<int>(flag, part, expected, 1, 1'000'000);
  };
  const std::size_t by = text.find('x');
  try {
    if (by == std::string_view::npos) return {read(text), read(text)};
    return {read(text.substr(0, by)), read(text.substr(by + 1))};
  } catch (const UsageError&) {  // of a part; what was typed is the whole
    throw UsageError(std::string(flag) + " '" + std::string(text) + "': expected " + expected);
  }
}

std::vector<LayerWeight> layer_weights(const char* flag, const std::vector<std::string>& texts) {
  std::vector<LayerWeight> result;
  for (const std::string& text : texts) {
    const std::size_t colon = text.find(':');
    const std::string layer = text.substr(0, colon);
    if (std::ranges::find(result, layer, &LayerWeight::layer) != result.end()) {
      throw UsageError(std::string(flag) + ": names '" + layer + "' twice");
    }
    result.push_back({layer});
    if (colon != std::string::npos) {
      result.back().weight =
          number<float>(flag, std::string_view(text).substr(colon + 1), "a number");
    }
  }
  return result;
}

IterationRange iteration_range(const char* flag, std::string_view text) {
  constexpr int kMost = std::numeric_limits<int>::max();
  const std::string expected = "A:B, whole numbers with A < B";
  const std::size_t colon = std::min(text.find(':'), text.size() - 1);
  IterationRange range;
  range.from = number<int>(flag, text.substr(0, colon), expected, 0, kMost - 1);
  range.to = number<int>(flag, text.substr(colon + 1), expected, range.from + 1);
  return range;
}

}  // namespace apps
