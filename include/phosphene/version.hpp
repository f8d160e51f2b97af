#pragma once
#include <string>

namespace phosphene {

/// "0.1.0"
std::string version();

}  // namespace phosphene
