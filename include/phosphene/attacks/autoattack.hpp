#pragma once
#include "phosphene/attacks/apgd.hpp"
#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/fab.hpp"
#include "phosphene/attacks/square.hpp"
#include "phosphene/attacks/victim.hpp"

namespace phosphene {

/// AutoAttack (Croce and Hein 2020), the original's `standard` suite with its parameters, of which
/// none can be changed:
///   apgd-ce  100 steps, rho .75, cross-entropy, 1 random start
///   apgd-t   the same with targeted DLR towards the 9 most likely wrong classes
///   fab-t    100 steps towards each of the same, alpha_max .1, eta 1.05, beta .9, no random start
///   square   5000 proposals, p_init .8, 1 start
/// Each takes the images that the ones before it left: an image is robust where all four fail. Of a
/// network with fewer than 10 classes all but the true one are targets.
struct AutoAttackOptions {
  Norm norm = Norm::linf;
};

/// What its four attacks are made with.
struct AutoAttackParts {
  ApgdOptions apgd_ce, apgd_t;
  FabOptions fab_t;
  SquareOptions square;
};
AutoAttackParts autoattack_parts(Norm norm);

/// Outcome::by says which of the four fooled an image ("clean": none had to); iterations and
/// queries are sums over them. Images are taken from the queue in chunks, so that the later attacks
/// have full batches too; what is fooled leaves at once, the rest of a chunk together. Untargeted:
/// throws UsageError for an example with a target, or where the victim has fewer than 4 classes.
void autoattack(const Context& context, Victim& victim, const AutoAttackOptions& options,
                const NextExample& next, const TakeOutcome& done);

}  // namespace phosphene
