#pragma once
#include <memory>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"

namespace phosphene {

/// Steps to the nearest class boundary of the linearised network until the image fools
/// (Moosavi-Dezfooli, Fawzi and Frossard 2016). With c the class of the clean image and, for each
/// candidate k, f_k = z_k - z_c and its gradient w_k at x,
///   k* = argmin |f_k| / |w_k|_q       q = 2 in L2, 1 in L-infinity
///   L2:          r <- r + (|f_k*| / |w_k*|_2 + 1e-4) w_k* / |w_k*|_2
///   L-infinity:  r <- r + (|f_k*| / |w_k*|_1 + 1e-4) sign(w_k*)
///   x <- clamp(x0 + (1 + overshoot) r, 0, 1)
/// The candidates are the classes of the largest logits of the clean image, fixed there. The paper
/// does not clip; here as in Foolbox x is clipped at each step and r is not. Also as there (and in
/// the authors' code) the next step, and the question whether it fools, are of the x with
/// overshoot.
///
/// Targeted (not in the paper): the one f is z_t - max over j != t of z_j, at each x anew.
struct DeepFoolOptions {
  Norm norm = Norm::l2;
  int steps = 50;
  float overshoot = 0.02F;
  int candidates = 10;  ///< classes, that of the clean image included
};

/// One backward pass per candidate over all slots. An image whose class is not its label is
/// returned as it is. An example's epsilon is ignored; where nothing fools the outcome holds the
/// last image. Throws UsageError that names the flag. Context and victim outlive it.
std::unique_ptr<Attack> deepfool(const Context& context, Victim& victim,
                                 const DeepFoolOptions& options);

}  // namespace phosphene
