#include "engine/datasets/label_list.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "phosphene/error.hpp"

namespace phosphene::datasets {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const auto first = std::min(text.find_first_not_of(kBlanks), text.size());
  return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

}  // namespace

std::vector<LabelLine> parse_label_list(const std::string& path, std::string_view text) {
  if (text.starts_with('\x80')) {
    throw UsageError(path + ": is a pickle of Python's, expected CIFAR-10's binary files (.bin)");
  }
  if (text.find('\0') != std::string_view::npos) {
    throw UsageError(path + ": is no data set, expected a text with a line \"FILE CLASS\" each");
  }
  std::vector<LabelLine> lines;
  std::int64_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trimmed(text.substr(at, end - at));
    at = end + 1;
    ++number;
    if (line.empty()) continue;
    const std::size_t tab = line.find('\t');
    const std::size_t gap = tab == std::string_view::npos ? line.find(' ') : tab;
    if (gap == std::string_view::npos) {
      throw UsageError(fmt::format("{}: line {} is '{}', expected \"FILE CLASS\"", path, number,
                                   printable(line)));
    }
    lines.push_back({number, std::string(trimmed(line.substr(0, gap))),
                     std::string(trimmed(line.substr(gap)))});
  }
  if (lines.empty()) {
    throw UsageError(path + ": an empty list, expected a line \"FILE CLASS\" each");
  }
  return lines;
}

}  // namespace phosphene::datasets
