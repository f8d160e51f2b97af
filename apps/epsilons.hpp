#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "phosphene/attacks/attack.hpp"

namespace apps {

/// "0.03" or "8/255". Throws phosphene::UsageError that names the flag.
double fraction(const char* flag, std::string_view text);

/// The radius of a ball: 0 or more, in L-infinity at most 1. Of 8 it says that 8/255 was meant.
double epsilon(const char* flag, std::string_view text, phosphene::Norm norm);

/// "0,1/255,8/255", or FROM:TO:STEP with both ends; a denominator at the end is that of all three:
/// "0:16:1/255" is 0/255, 1/255 ... 16/255. They rise, each once.
std::vector<double> epsilons(const char* flag, std::string_view text, phosphene::Norm norm);

/// What to warn of where an L2 radius is so small (below 0.1) that one of L-infinity may be meant;
/// else empty. `has_linf`: the attack has it.
std::string tiny_l2(const char* flag, std::string_view text, double radius, bool has_linf);

/// Where the curve of an attack that looks for the nearest image is taken, if nothing else is said:
/// 0:16:1/255, in L2 0:2:0.125.
std::string usual_epsilons(phosphene::Norm norm);

}  // namespace apps
