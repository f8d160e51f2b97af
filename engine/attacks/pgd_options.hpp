#pragma once
#include "phosphene/attacks/pgd.hpp"

namespace phosphene {

/// Throws UsageError that names the flag.
void check_options(const PgdOptions& options, const Victim& victim);

}  // namespace phosphene
