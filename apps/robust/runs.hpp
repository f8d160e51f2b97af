#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "summary.hpp"

namespace apps {

/// A finished run of an attack, read from what it left.
struct Run {
  std::string name;                ///< what the user calls it, else the network
  nlohmann::json setup;            ///< what was attacked, and how (setup.hpp)
  std::vector<std::string> files;  ///< that were read
  phosphene::Norm norm = phosphene::Norm::linf;
  std::vector<Summary> summaries;  ///< of a --json file: those it holds
  std::vector<CurvePoint> curve;
  /// Those that a --json file holds; of journals, what is in no rate.
  std::vector<std::string> warnings;

  /// The attack looks for the nearest image.
  bool nearest() const { return !summaries.empty() && !summaries.front().epsilon; }
};

/// "NAME=FILE" or "FILE": the file of --json, a merged journal, or a folder of journals, whose
/// items must all be there. `epsilons` are the radii that are shown, empty: all that there are. An
/// attack that looks for the nearest image has every radius in its journals (empty:
/// usual_epsilons(), for the curve); any other run, and every --json file, has those that it was
/// made with.
/// Throws phosphene::Error that names the file, or the radius that it does not have and where to
/// find it.
Run read_run(const std::string& argument, const std::string& epsilons);

}  // namespace apps
