#include "engine/models/labels.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kSpace = " \t\r\n";

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) + 1 - first));
}

[[noreturn]] void fail(const std::string& where, const std::string& found) {
  throw Error(where + ": " + found +
              ", expected a JSON list of names, an index of them by class, or plain names");
}

std::string name_of(const Json& entry, const std::string& where) {
  // ImageNet's index has the synset before the name.
  const Json& name = entry.is_array() && !entry.empty() ? entry.back() : entry;
  if (!name.is_string())
    fail(where, "holds a JSON " + std::string(name.type_name()) + " as a name");
  return name.get<std::string>();
}

std::vector<std::string> from_json(const std::string& text, const std::string& where) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) fail(where, "is no valid JSON");
  std::vector<std::string> labels;
  if (json.is_array()) {
    for (const Json& entry : json) labels.push_back(name_of(entry, where));
  } else {
    for (std::size_t i = 0; i < json.size(); ++i) {
      const auto it = json.find(std::to_string(i));
      if (it == json.end()) fail(where, "has no entry \"" + std::to_string(i) + "\"");
      labels.push_back(name_of(*it, where));
    }
  }
  return labels;
}

}  // namespace

std::vector<std::string> parse_labels(const std::string& text, char separator,
                                      const std::string& where) {
  const std::string bare = trimmed(text);
  if (bare.starts_with('[') || bare.starts_with('{')) return from_json(bare, where);
  std::vector<std::string> labels;
  for (std::size_t at = 0; at < bare.size();) {
    const std::size_t end = std::min(bare.find(separator, at), bare.size());
    labels.push_back(trimmed(std::string_view(bare).substr(at, end - at)));
    if (labels.back().empty()) fail(where, "has a class without a name");
    at = end + 1;
  }
  return labels;
}

std::vector<std::string> load_labels(const std::string& given) {
  const std::string where = "--labels " + printable(given);
  try {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(given, ignored)) {
      std::ifstream file(given, std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      if (!file) fail(where, "cannot be read");
      const std::vector<std::string> labels = parse_labels(text, '\n', where);
      if (labels.empty()) fail(where, "is empty");
      return labels;
    }
    if (given.find(',') != std::string::npos) return parse_labels(given, ',', where);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  throw UsageError(where + ": no such file; expected one, or names between commas");
}

}  // namespace phosphene
