#pragma once
#include <memory>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/victim.hpp"

namespace phosphene {

/// The targeted Fast Adaptive Boundary attack (Croce and Hein 2020, "Minimally distorted
/// adversarial examples with a fast adaptive boundary attack"; targeted as in AutoAttack), which
/// looks for the nearest image of another class. For each target t it begins at the image x0 and
/// repeats
///   the boundary to class t, made linear at x:  H = {v: z_t(x) - z_y(x) + w . (v - x) = 0}
///   d = p(x) - x, d0 = p(x0) - x0, p() the nearest point of H within [0,1]
///   x <- clamp((1 - a)(x + eta d) + a (x0 + eta d0), 0, 1),  a = min(|d| / (|d| + |d0|),
///   alpha_max)
/// and, where x is of another class, keeps the nearest such x and goes back: x <- x0 + beta (x -
/// x0).
struct FabOptions {
  Norm norm = Norm::linf;
  int steps = 100;  ///< a target
  int targets = 9;  ///< the most likely classes but the true one, as many as there are
  float alpha_max = 0.1F;
  float eta = 1.05F;
  float beta = 0.9F;
  /// Takes all steps of all targets: the outcome is the nearest image of another class, wherever it
  /// lies. Otherwise the first within eps is, and an image without one comes back unchanged.
  bool nearest = false;
};

/// Throws UsageError that names the flag. An example's own target, if it has one, is the only one
/// that is tried, and has to be met. Context and victim outlive it.
std::unique_ptr<Attack> fab(const Context& context, Victim& victim, const FabOptions& options);

}  // namespace phosphene
