#include "engine/attacks/pgd_options.hpp"

#include <algorithm>
#include <string>

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

void refuse(const std::string& flag, const std::string& value, const std::string& expected) {
  throw UsageError("--" + flag + " " + value + ": expected " + expected);
}

void at_least_one(const std::string& flag, int value) {
  if (value < 1) refuse(flag, std::to_string(value), "at least 1");
}

void at_least_zero(const std::string& flag, float value) {
  if (!(value >= 0)) refuse(flag, std::to_string(value), "at least 0");
}

void check_mask(const Tensor& mask, const Shape& images) {
  const Shape& s = mask.shape();
  if (s.n != 1 || (s.c != 1 && s.c != images.c) || s.h != images.h || s.w != images.w) {
    refuse("mask", "of shape " + to_string(s),
           to_string(Shape{1, 1, images.h, images.w}) + " or " +
               to_string(Shape{1, images.c, images.h, images.w}));
  }
  const float* m = mask.data();
  if (std::any_of(m, m + mask.count(), [](float v) { return !(v >= 0 && v <= 1); })) {
    refuse("mask", "with values outside [0,1]", "0 where the image is to stay, 1 where not");
  }
}

}  // namespace

PgdOptions fgsm_options() {
  PgdOptions options;
  options.steps = 1;
  options.relative_alpha = 1;
  options.random_start = false;
  return options;
}

PgdOptions bim_options(int steps) {
  PgdOptions options;
  options.steps = steps;
  options.random_start = false;
  return options;
}

PgdOptions mi_fgsm_options(int steps) {
  PgdOptions options = bim_options(steps);
  options.momentum = 1;
  return options;
}

void check_options(const PgdOptions& options, const Victim& victim) {
  at_least_one("steps", options.steps);
  at_least_one("restarts", options.restarts);
  at_least_one("samples", options.samples);
  at_least_zero("alpha", options.alpha);
  at_least_zero("alpha", options.relative_alpha);
  at_least_zero("momentum", options.momentum);
  at_least_zero("penalty", options.penalty);
  if (options.restarts > 1 && !options.random_start && !victim.random()) {
    refuse("restarts", std::to_string(options.restarts),
           "1 without a random start, since all would be the same");
  }
  if (options.penalty > 0 && options.norm != Norm::linf) {
    refuse("penalty", std::to_string(options.penalty), "--norm linf, whose norm it weighs");
  }
  if (options.penalty > 0 && options.random_start) {
    refuse("penalty", std::to_string(options.penalty), "no random start: there is no ball");
  }
  if (!options.mask.empty()) check_mask(options.mask, victim.images());
}

}  // namespace phosphene
