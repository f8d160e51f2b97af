#pragma once
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace phosphene::testing {

/// tests/golden/data/NAME.json
inline nlohmann::json stored_numbers(const std::string& name) {
  std::ifstream file(std::string(PHOSPHENE_SOURCE_DIR) + "/tests/golden/data/" + name + ".json");
  return nlohmann::json::parse(file);
}

/// One of its tables, which must be there.
inline nlohmann::json stored_numbers(const std::string& name, const std::string& table) {
  return stored_numbers(name).at(table);
}

}  // namespace phosphene::testing
