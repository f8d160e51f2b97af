#pragma once
#include <string>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "summary.hpp"

namespace apps {

/// A finished run of an attack, read from what it left.
struct Run {
  std::string name;    ///< what the user calls it, else the network
  std::string method;  ///< "pgd"
  phosphene::Norm norm = phosphene::Norm::linf;
  std::vector<Summary> summaries;  ///< of a --json file: those it holds
  std::vector<CurvePoint> curve;
};

/// "NAME=FILE" or "FILE": the file of --json, a merged journal, or a folder of journals, whose
/// items must all be there. `epsilons` is where the curve of an attack without one is taken, of
/// journals; empty: usual_epsilons().
/// Throws phosphene::Error that names the file.
Run read_run(const std::string& argument, const std::string& epsilons);

}  // namespace apps
