#include "engine/datasets/class_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "phosphene/datasets/dataset.hpp"
#include "phosphene/error.hpp"
#include "phosphene/text.hpp"

namespace phosphene::datasets {
namespace {

std::string plain(std::string_view text) {
  std::string result;
  for (const char c : text) {
    result += c == ' ' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

std::string_view trimmed(std::string_view text) {
  const auto first = std::min(text.find_first_not_of(' '), text.size());
  return text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

}  // namespace

ClassNames::ClassNames(const std::vector<std::string>& names, std::int64_t count)
    : count_(count > 0 ? count : static_cast<std::int64_t>(names.size())) {
  for (std::size_t c = 0; c < names.size(); ++c) {
    const auto add = [&](std::string_view name) {
      std::vector<std::int64_t>& classes = known_[plain(trimmed(name))];
      const auto label = static_cast<std::int64_t>(c);
      if (classes.empty() || classes.back() != label) classes.push_back(label);
    };
    const std::string_view name = names[c];
    add(name);
    for (std::size_t from = 0; from < name.size();) {
      const std::size_t comma = std::min(name.find(',', from), name.size());
      add(name.substr(from, comma - from));
      from = comma + 1;
    }
  }
}

std::string ClassNames::expected() const {
  std::string text = count_ > 0 ? fmt::format("a class from 0 to {}", count_ - 1) : "a number";
  if (!known_.empty()) text += " or one of their names";
  return text;
}

std::int64_t ClassNames::find(const std::string& where, std::string_view text) const {
  std::int64_t label = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), label);
  if (error == std::errc{} && end == text.data() + text.size()) {
    check(where, label);
    return label;
  }
  const auto found = known_.find(plain(trimmed(text)));
  if (found == known_.end()) {
    std::vector<std::string> names;
    for (const auto& [name, classes] : known_) names.push_back(name);
    throw UsageError(fmt::format("{}: unknown class '{}', expected {}{}", where, printable(text),
                                 expected(), near_text(plain(text), names)));
  }
  if (found->second.size() > 1) {
    throw UsageError(fmt::format("{}: '{}' is what classes {} and {} are called, expected a number",
                                 where, printable(text), found->second[0], found->second[1]));
  }
  return found->second.front();
}

void ClassNames::check(const std::string& where, std::int64_t label) const {
  if (label >= 0 && (count_ == 0 || label < count_)) return;
  throw UsageError(fmt::format(
      "{}: class {}, expected {}", where, label,
      count_ > 0 ? fmt::format("0 to {}, the network's", count_ - 1) : std::string("0 or more")));
}

}  // namespace phosphene::datasets

namespace phosphene {

std::int64_t find_class(const std::string& where, const std::string& text,
                        const std::vector<std::string>& names, std::int64_t count) {
  return datasets::ClassNames(names, count).find(where, text);
}

}  // namespace phosphene
