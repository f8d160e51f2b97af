#pragma once
#include <string>
#include <vector>

#include "flags.hpp"
#include "record.hpp"
#include "subject.hpp"

namespace apps {

// Each throws Interrupted once interrupted(): half a check would say what is not so.

/// What a look at the first images says before the attack: scores, repeats, gradients, stages
/// without one. One line each.
std::vector<std::string> probe_victim(const AttackPlan& plan, const Subject& subject);

/// Those that count: images that were not skipped.
std::vector<Record> plain(const std::vector<ImageRecord>& records);

/// What the records say after it, and two short attacks: a black box on some of the images that
/// withstood a white one, and a ball that leaves nothing of an image.
std::vector<std::string> probe_result(const AttackPlan& plan, const Subject& subject,
                                      const std::vector<ImageRecord>& records);

}  // namespace apps
