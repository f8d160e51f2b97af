#include "phosphene/version.hpp"

namespace phosphene {

std::string version() { return PHOSPHENE_VERSION; }

}  // namespace phosphene
