#pragma once
#include <memory>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/loss.hpp"
#include "phosphene/attacks/victim.hpp"

namespace phosphene {

/// The family of gradient steps in a ball around the image x0 (chapter, 21.7.2). In L-infinity
///   x <- clamp(clamp(x + alpha sign(g), x0 - eps, x0 + eps), 0, 1),
/// in L2 x <- clamp(x0 + project(x + alpha g / |g| - x0), 0, 1), where project() scales down to
/// length eps.
///   FGSM (Goodfellow et al. 2015)  steps 1, alpha = eps, from x0
///   BIM (Kurakin et al. 2017)      from x0
///   MI-FGSM (Dong et al. 2018)     from x0, momentum 1: g <- momentum g + grad / |grad|_1
///   PGD (Madry et al. 2018)        from a random point of the ball
struct PgdOptions {
  Norm norm = Norm::linf;
  AttackLoss loss = AttackLoss::cross_entropy;
  int steps = 10;
  float alpha = 0;  ///< absolute; 0: eps / 4
  bool random_start = true;
  int restarts = 1;  ///< starts an image, at most; it leaves at the first that fools
  float momentum = 0;
  int samples = 1;    ///< gradients averaged a step, of a random victim (EOT)
  bool stay = false;  ///< fooled images go on, and are scored at the last step of each start
  float penalty = 0;  ///< the chapter's lambda: ... (21.7.1); above 0 there is no ball
};

/// Throws UsageError that names the flag. Context and victim outlive it.
std::unique_ptr<Attack> pgd(const Context& context, Victim& victim, const PgdOptions& options);

}  // namespace phosphene
