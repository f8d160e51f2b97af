#pragma once
#include <cstdint>
#include <string>

#include "phosphene/network.hpp"

namespace apps {

/// The class that `text` names, by number or name (find_class). Throws UsageError that names
/// `flag`.
std::int64_t class_of(const char* flag, const std::string& text, const phosphene::Network& network);

/// Empty if the network has no labels.
std::string label_of(const phosphene::Network& network, std::int64_t index);

}  // namespace apps
