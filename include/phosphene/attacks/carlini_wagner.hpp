#pragma once
#include <memory>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"

namespace phosphene {

/// The nearest image in L2 that fools by more than kappa (Carlini and Wagner 2017). With
/// x = (1 + tanh w) / 2, Adam minimises over w
///   |x - x0|_2^2 + c max(0, kappa - margin(x))
/// where the margin is max over j != y of z_j - z_y, or targeted z_t - max over j != t of z_j, of
/// the logits z. An outer search finds c: from initial_c tenfold until an image fools, then
/// bisection between the largest that did not and the smallest that did; of ten searches or more
/// the last repeats the smallest that did. Of all iterates the nearest that fools is kept.
///
/// abort_early is the original's rule, but of each image alone: every tenth of the steps it asks
/// whether the loss is still at most 0.9999 of what it was when last asked, and else ends the
/// search with this c.
struct CarliniWagnerOptions {
  int searches = 9;    ///< values of c that are tried
  int steps = 10000;   ///< of Adam, for each c
  float rate = 1e-2F;  ///< of Adam
  float initial_c = 1e-3F;
  float kappa = 0;  ///< margin, in logits, that an image must exceed
  bool abort_early = true;
  int samples = 1;  ///< gradients averaged a step, of a random victim
};

/// Slots do not know of each other: each has its own c, its own count of steps and its own end. An
/// example's epsilon is ignored. Where nothing fools, the outcome holds the clean image. Throws
/// UsageError that names the flag. Context and victim outlive it.
std::unique_ptr<Attack> carlini_wagner(const Context& context, Victim& victim,
                                       const CarliniWagnerOptions& options);

}  // namespace phosphene
