#pragma once
#include <ostream>

#include "phosphene/context.hpp"

namespace phosphene {

/// For the names of parametrised tests.
inline void PrintTo(Precision precision, std::ostream* out) { *out << to_string(precision); }

}  // namespace phosphene
