#pragma once
#include <cstdint>
#include <memory>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/context.hpp"

namespace phosphene {

/// HopSkipJump (Chen, Jordan and Wainwright 2020): the nearest image of another class (targeted: of
/// the one asked for), seen through labels alone. With d elements to an image, theta = gamma /
/// d^1.5 in L2 and gamma / d^2 in L-infinity, iteration t = 1, 2, ... is
///   delta = gamma |x_t - x0| / d, 0.1 at first; B = min(initial sqrt(t), most)
///   v     = sum over b of (phi_b - mean phi) u_b: u_b random directions, phi_b = 1 where
///           x_t + delta u_b fools, else -1;  v / |v| in L2, sign v in L-infinity
///   x     = x_t + xi v, xi = |x_t - x0| / sqrt(t), halved until x fools
///   x_t+1 = where the way from x to x0 leaves the class, by bisection to theta; it fools.
/// It starts from uniform noise, redrawn until it fools, and blended into x0 as little of it as
/// fools, in steps of 1/50 (Foolbox's LinearSearchBlendedUniformNoise); or from Example::start,
/// which a targeted attack needs. delta does not fall below 2^-20 sqrt(d), where rounding would eat
/// the directions. The outcome is the nearest image found, on the fooling side: `success` says
/// that there is one, whatever its distance.
struct HopSkipJumpOptions {
  Norm norm = Norm::l2;
  int iterations = 64;
  std::int64_t max_queries = 0;  ///< images that the classifier sees for one; 0: no limit
  std::int64_t initial_evaluations = 100, max_evaluations = 10000;
  float gamma = 1;
  /// Images in work at once. While some search the boundary, one query at a time, the directions of
  /// others fill the batch.
  std::int64_t slots = 64;
  std::int64_t batch = 64;  ///< images that the classifier is given at once, at most
};

/// Of all that the classifier gives only the first of the largest is used. A draw is keyed by the
/// context's seed, the image's index and its own count, so an outcome depends on neither slots nor
/// batch if a label does not. Scores with a NaN fool nobody. Throws UsageError that names the flag,
/// and start() one that names the image: of another size than the first, not in [0,1], or with a
/// target that is its class, or without a start. Context outlives it.
std::unique_ptr<Attack> hop_skip_jump(const Context& context, Classifier classifier,
                                      const HopSkipJumpOptions& options);

}  // namespace phosphene
