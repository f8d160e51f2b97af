#include "classes.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "flag_values.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"

namespace apps {

using namespace phosphene;

namespace {

std::string lower(std::string_view text) {
  std::string result;
  for (const char c : text) {
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

/// "tench, Tinca tinca" is called that, "tench", and "tinca tinca".
std::vector<std::string> names_of(const std::string& label) {
  std::vector<std::string> names{lower(label)};
  for (std::size_t from = 0; from < label.size();) {
    const std::size_t comma = std::min(label.find(',', from), label.size());
    const std::size_t first = std::min(label.find_first_not_of(' ', from), comma);
    names.push_back(lower(std::string_view(label).substr(first, comma - first)));
    from = comma + 1;
  }
  return names;
}

}  // namespace

std::int64_t class_of(const char* flag, const std::string& text, const Network& network) {
  const std::int64_t last = class_count(network.graph()) - 1;
  const std::string numbers = "a class from 0 to " + std::to_string(last);
  const std::vector<std::string>& labels = network.info().labels;
  if (labels.empty() || text.find_first_not_of("0123456789+-.") == std::string::npos) {
    return number<std::int64_t>(flag, text, numbers, 0, last);
  }
  std::vector<std::string> known;
  for (std::size_t k = 0; k < labels.size(); ++k) {
    for (const std::string& name : names_of(labels[k])) {
      if (name == lower(text)) return static_cast<std::int64_t>(k);
      if (std::ranges::find(known, name) == known.end()) known.push_back(name);
    }
  }
  std::string near;
  for (const std::string& name : near_names(lower(text), known)) {
    near += (near.empty() ? "; near: " : ", ") + name;
  }
  throw UsageError(std::string(flag) + " '" + printable(text) + "': expected " + numbers +
                   " or one of their names" + near);
}

std::string label_of(const Network& network, std::int64_t index) {
  const std::vector<std::string>& labels = network.info().labels;
  const auto at = static_cast<std::size_t>(index);
  return at < labels.size() ? labels[at] : "";
}

}  // namespace apps
