#include "phosphene/statistics.hpp"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <numbers>
#include <string>

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;

void check_counts(std::int64_t successes, std::int64_t trials) {
  if (successes < 0 || successes > trials) {
    throw Error("a rate of " + std::to_string(successes) + " in " + std::to_string(trials) +
                " is none");
  }
}

void check_probability(const char* name, double p) {
  if (!(p > 0 && p < 1)) {
    throw Error(std::string(name) + " is " + std::to_string(p) + ", not between 0 and 1");
  }
}

/// ln n! - ln(sqrt(2 pi n) (n / e)^n): what Stirling's formula leaves out. Its series ends with a
/// term below 1e-16 from n = 16 on; smaller factorials are exact in double.
double stirling_rest(double n) {
  if (n < 16) {
    double factorial = 1;
    for (double i = 2; i <= n; ++i) factorial *= i;
    return std::log(factorial) - (0.5 * std::log(kTwoPi * n) + n * std::log(n) - n);
  }
  const double m = n * n;
  return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / m) / m) / m) / m) / n;
}

/// x ln(x / m) + m - x, without the cancellation where x and m are near.
double deviance(double x, double m) {
  const double d = x - m;
  if (std::abs(d) >= 0.1 * (x + m)) return x * std::log(x / m) + m - x;
  // With v = d / (x + m): ln(x / m) = 2 atanh(v).
  const double v = d / (x + m);
  double sum = d * v, power = 2 * x * v;
  for (int j = 3;; j += 2) {
    power *= v * v;
    const double next = sum + power / j;
    if (next == sum) return sum;
    sum = next;
  }
}

/// P(X = k | n, p), by the saddle point (Loader 2000), where the large logarithms cancel before
/// they are taken.
double binomial_density(double k, double n, double p, double q) {
  if (k == 0) return std::exp(n * (p < 0.1 ? std::log1p(-p) : std::log(q)));
  if (k == n) return std::exp(n * (q < 0.1 ? std::log1p(-q) : std::log(p)));
  const double rest = stirling_rest(n) - stirling_rest(k) - stirling_rest(n - k);
  return std::exp(rest - deviance(k, n * p) - deviance(n - k, n * q)) *
         std::sqrt(n / (kTwoPi * k * (n - k)));
}

/// The incomplete beta function's continued fraction for I_x(a, b) (DLMF 8.17.22) by Lentz's
/// method; converges fast where x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  const auto away_from_0 = [](double v) { return std::abs(v) < 1e-300 ? 1e-300 : v; };
  double c = 1, d = 1 / away_from_0(1 - (a + b) * x / (a + 1));
  double value = d;
  for (double m = 1;; ++m) {
    for (const double term : {m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                              -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))}) {
      d = 1 / away_from_0(1 + term * d);
      c = away_from_0(1 + term / c);
      value *= c * d;
    }
    if (std::abs(c * d - 1) < 1e-15 || m > 1e6) return value;
  }
}

/// P(X >= k | n, p) = I_p(k, n - k + 1), q = 1 - p.
double upper_tail(std::int64_t successes, std::int64_t trials, double p, double q) {
  if (successes == 0) return 1;
  const auto k = static_cast<double>(successes), n = static_cast<double>(trials);
  if (p < (k + 1) / (n + 3)) {
    return binomial_density(k, n, p, q) * q * beta_fraction(k, n - k + 1, p);
  }
  return 1 - binomial_density(n - k + 1, n, q, p) * p * beta_fraction(n - k + 1, k, q);
}

}  // namespace

Interval wilson(std::int64_t successes, std::int64_t trials, double confidence) {
  check_counts(successes, trials);
  check_probability("the confidence", confidence);
  if (trials == 0) return {0, 1};
  const double z = -normal_quantile((1 - confidence) / 2);
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(successes) / n;
  const double middle = p + z * z / (2 * n);
  const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  const double scale = 1 + z * z / n;
  // At the ends of [0,1] one of the two is exact, but for rounding.
  return {successes == 0 ? 0 : std::max(0.0, (middle - half) / scale),
          successes == trials ? 1 : std::min(1.0, (middle + half) / scale)};
}

double clopper_pearson_lower(std::int64_t successes, std::int64_t trials, double alpha) {
  check_counts(successes, trials);
  check_probability("alpha", alpha);
  if (successes == 0) return 0;
  // The tail is good to 1e-12 of itself and grows with p at least as fast as p does.
  const double aim = alpha * (1 - 4e-12);
  double low = 0, high = 1;
  while (true) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return low;
    (upper_tail(successes, trials, middle, 1 - middle) <= aim ? low : high) = middle;
  }
}

double fair_coin_p_value(std::int64_t successes, std::int64_t trials) {
  check_counts(successes, trials);
  const std::int64_t more = std::max(successes, trials - successes);
  if (2 * more == trials) return 1;
  return std::min(1.0, 2 * upper_tail(more, trials, 0.5, 0.5));
}

double normal_quantile(double p) {
  check_probability("p", p);
  if (p > 0.5) return -normal_quantile(1 - p);  // exact: 1 - p is not rounded
  const double tail = std::max(p, DBL_MIN);
  // Abramowitz and Stegun 26.2.23, good to 4.5e-4; then Halley's steps, each of which cubes that.
  const double t = std::sqrt(-2 * std::log(tail));
  double x = (2.515517 + t * (0.802853 + t * 0.010328)) /
                 (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) -
             t;
  for (int step = 0; step < 3; ++step) {
    const double error = 0.5 * std::erfc(-x / std::numbers::sqrt2) - tail;
    const double u = error * std::sqrt(kTwoPi) * std::exp(x * x / 2);
    x -= u / (1 + x * u / 2);
  }
  return x;
}

}  // namespace phosphene
