#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "flags.hpp"
#include "probes.hpp"
#include "record.hpp"
#include "subject.hpp"
#include "summary.hpp"

namespace apps {

/// What was attacked, and how (setup.hpp).
nlohmann::json setup_of(const AttackFlags& flags, const AttackPlan& plan, const Subject& subject);

/// One for each epsilon; of an attack that looks for the nearest image first its distances, then
/// what they say of each epsilon that was asked for.
std::vector<Summary> summaries_of(const AttackPlan& plan, const std::vector<Record>& records);

/// What --json holds, but for the provenance: of the largest epsilon at the top, of all in
/// "epsilons", and the curve.
nlohmann::json report(const AttackFlags& flags, const AttackPlan& plan, const Subject& subject,
                      const std::vector<ImageRecord>& records,
                      const std::vector<std::string>& warnings);

/// Writes curve.png and grid.png to --out; of a shard curve-i-of-N.png and grid-i-of-N.png.
void save_pictures(const AttackFlags& flags, const AttackPlan& plan, const Subject& subject,
                   const std::vector<ImageRecord>& records);

}  // namespace apps
