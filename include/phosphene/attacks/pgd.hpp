#pragma once
#include <memory>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/loss.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

/// The family of gradient steps in a ball around the image x0 (chapter, 21.7.2), g the gradient of
/// the loss (attacks/loss.hpp). In L-infinity
///   x <- clamp(clamp(x + alpha sign(g), x0 - eps, x0 + eps), 0, 1),
/// in L2
///   x <- clamp(x0 + project(x + alpha g / |g| - x0), 0, 1), project() scaling down to length eps.
///   FGSM (Goodfellow et al. 2015)  one step, alpha = eps, from x0
///   BIM (Kurakin et al. 2017)      from x0
///   MI-FGSM (Dong et al. 2018)     from x0; g is m <- momentum m + grad / |grad|_1
///   PGD (Madry et al. 2018)        from a random point: in L-infinity uniform in the ball; in L2
///   in
///                                  a normal direction at a distance uniform in [0, eps]
///                                  (torchattacks'). Clamped to [0,1] either way
/// Iterates are x_0 (the start) .. x_steps. An image leaves at the first that is fooled
/// (attack.hpp), the start included. One that never is has the last iterate of the start with the
/// largest margin as its outcome.
struct PgdOptions {
  Norm norm = Norm::linf;
  AttackLoss loss = AttackLoss::cross_entropy;
  int steps = 10;
  float alpha = 0;  ///< absolute; 0: relative_alpha times the image's epsilon
  float relative_alpha = 0.25F;
  bool random_start = true;
  int restarts = 1;  ///< starts an image, at most; it leaves at the first that fools
  float momentum = 0;
  int samples = 1;    ///< gradients averaged a step, of a random victim (EOT)
  bool stay = false;  ///< all steps are made, and the last iterate of each start is scored
  /// The chapter's lambda (21.7.1): above 0 there is no ball, epsilon only scales alpha, and what
  /// is made larger is loss - lambda |x - x0|_inf, by steps along the sign of its gradient. The
  /// chapter's own loss is AttackLoss::score, of a target. The norm's subgradient is shared equally
  /// by the m pixels whose distance is the largest to within alpha / 2: sign(x - x0) / m there. L-
  /// infinity alone, from x0 alone: random_start must be off.
  float penalty = 0;
  /// Confines the perturbation: host [1, 1 or 3, h, w] in [0,1], epsilon times the mask is the
  /// radius at a pixel (ops::step); empty: none.
  Tensor mask;
};

PgdOptions fgsm_options();
PgdOptions bim_options(int steps = 10);
PgdOptions mi_fgsm_options(int steps = 10);  ///< momentum 1

/// Throws UsageError that names the flag. Context and victim outlive it.
std::unique_ptr<Attack> pgd(const Context& context, Victim& victim, PgdOptions options);

}  // namespace phosphene
