#pragma once
#include <cstdint>

namespace phosphene {

/// How sure a rate can be, that was counted. All of these throw Error where the counts are not
/// 0 <= successes <= trials or a probability does not lie strictly between 0 and 1.
struct Interval {
  double low = 0, high = 1;
};

/// Wilson's score interval of the rate of `successes` in `trials` (Wilson 1927), z the normal
/// quantile of (1 + confidence) / 2:
///   (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), within [0,1].
/// Of no trials it is [0,1].
Interval wilson(std::int64_t successes, std::int64_t trials, double confidence = 0.95);

/// The exact one-sided lower bound of a rate (Clopper and Pearson 1934): the p with
///   P(X >= successes | trials, p) = alpha,
/// below which the true rate lies with a probability of at most alpha; 0 where there are no
/// successes. Rounded down: at or below the exact one, by 1e-11 of it at most (trials <= 1e9).
double clopper_pearson_lower(std::int64_t successes, std::int64_t trials, double alpha);

/// The exact two-sided test that a coin is fair: the probability that it falls at least as far from
/// half of the trials; 1 of no trials.
double fair_coin_p_value(std::int64_t successes, std::int64_t trials);

/// Phi^-1(p), of the standard normal distribution. Error 1e-15 (1 + |x|) for p >= 1e-300.
double normal_quantile(double p);

}  // namespace phosphene
