#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace phosphene::datasets {

/// One line "FILE CLASS": the file up to the first tab of the line, or else the first blank.
struct LabelLine {
  std::int64_t number = 0;  ///< of the line, from 1
  std::string file, label;
};

/// The lines of a list that are not empty. Throws UsageError that names `path` and the line.
std::vector<LabelLine> parse_label_list(const std::string& path, std::string_view text);

}  // namespace phosphene::datasets
