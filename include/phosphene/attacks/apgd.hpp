#pragma once
#include <memory>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/loss.hpp"
#include "phosphene/attacks/victim.hpp"

namespace phosphene {

/// Auto-PGD (Croce and Hein 2020, Algorithm 1), from a random point on the border of the ball:
///   z <- project(x + step u),  x <- project(x + .75 (z - x) + .25 (x - x_previous)),
/// where u = sign(g) in L-infinity and g / |g| in L2, and project() goes into the ball and then
/// into [0,1]. The step begins at 2 eps. At checkpoints, .22, .41, .57, .70, ... of the steps, it
/// is halved, and x goes back to the point of the largest loss so far, where
///   the loss grew in at most `rho` of the steps since the last checkpoint, or
///   the step was not halved at the last checkpoint and the largest loss is still the same.
/// An image leaves as soon as it is fooled.
struct ApgdOptions {
  Norm norm = Norm::linf;
  AttackLoss loss = AttackLoss::cross_entropy;  ///< cross_entropy or dlr
  int steps = 100;                              ///< a run
  float rho = 0.75F;
  int restarts = 1;  ///< runs from a random point each, for each of the targets
  /// Above 0: towards each of the most likely classes but the true one, as many as there are, one
  /// after the other; any wrong class is a success.
  int targets = 0;
  int samples = 1;  ///< gradients averaged a step, of a random victim (EOT)
};

/// Throws UsageError that names the flag: targeted DLR needs four classes, DLR three. Context and
/// victim outlive it.
std::unique_ptr<Attack> apgd(const Context& context, Victim& victim, const ApgdOptions& options);

}  // namespace phosphene
