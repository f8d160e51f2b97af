#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace phosphene {

/// The names of classes out of `text`: a JSON list of them, ImageNet's JSON index ({"0":
/// ["n01440764", "tench"], ...}), or names between `separator`s. Throws Error that names `where`.
std::vector<std::string> parse_labels(const std::string& text, char separator,
                                      const std::string& where);

/// What --labels takes: a file of either JSON, or of a line a class; or names between commas.
/// Throws UsageError.
std::vector<std::string> load_labels(const std::string& given);

}  // namespace phosphene
