#include "methods.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <utility>

#include "explain_flags.hpp"
#include "phosphene/attacks/autoattack.hpp"
#include "phosphene/error.hpp"

namespace apps {
namespace {

using namespace phosphene;

constexpr Norm kLinf = Norm::linf, kL2 = Norm::l2;

std::unique_ptr<Attack> make_square(const Context& c, Victim& v, const SquareOptions& options) {
  return square(c, as_classifier(c, v), v.images(), options);
}

std::unique_ptr<Attack> make_hop_skip_jump(const Context& c, Victim& v,
                                           HopSkipJumpOptions options) {
  options.slots = options.batch = v.images().n;
  return hop_skip_jump(c, as_classifier(c, v), options);
}

RunAttack running(std::unique_ptr<Attack> attack) {
  return [attack = std::shared_ptr<Attack>(std::move(attack))](
             const NextExample& next, const TakeOutcome& done) { run_attack(*attack, next, done); };
}

RunAttack run_autoattack(const Context& context, Victim& victim, const MethodOptions& o) {
  return [&context, &victim, options = AutoAttackOptions{o.norm}](const NextExample& next,
                                                                  const TakeOutcome& done) {
    autoattack(context, victim, options, next, done);
  };
}

nlohmann::json autoattack_used(const MethodOptions& o) {
  const AutoAttackParts parts = autoattack_parts(o.norm);
  return {{"apgd-ce", said(parts.apgd_ce)},
          {"apgd-t", said(parts.apgd_t)},
          {"fab-t", said(parts.fab_t)},
          {"square", said(parts.square)}};
}

/// The method with how its options come from flags, and the attack from them.
template <class OptionsOf, class Make>
Method with(Method method, OptionsOf options_of, Make make) {
  method.make = [=](const Context& c, Victim& v, const MethodOptions& o) {
    return running(make(c, v, options_of(o)));
  };
  method.used = [=](const MethodOptions& o) { return said(options_of(o)); };
  return method;
}

/// Steps along a gradient from these options on.
Method stepping(Method method, PgdOptions (*usual)()) {
  return with(
      std::move(method), [usual](const MethodOptions& o) { return pgd_options(o, usual()); }, pgd);
}

}  // namespace

const std::vector<Method>& methods() {
  static const std::vector<Method> all{
      stepping({.name = "fgsm",
                .what = "one step along the gradient's sign (Goodfellow et al. 2015)",
                .norms = {kLinf, kL2},
                .flags = {"--loss", "--samples", "--mask"}},
               fgsm_options),
      stepping({.name = "bim",
                .what = "small steps from the image (Kurakin et al. 2017)",
                .norms = {kLinf, kL2},
                .flags = {"--loss", "--steps", "--alpha", "--samples", "--stay", "--mask"}},
               [] { return bim_options(); }),
      stepping({.name = "pgd",
                .what = "small steps from random points of the ball (Madry et al. 2018)",
                .norms = {kLinf, kL2},
                .flags = {"--loss", "--steps", "--alpha", "--restarts", "--samples", "--stay",
                          "--mask"}},
               [] { return PgdOptions{}; }),
      stepping({.name = "mi-fgsm",
                .what = "small steps with momentum (Dong et al. 2018)",
                .norms = {kLinf, kL2},
                .flags = {"--loss", "--steps", "--alpha", "--momentum", "--samples", "--stay",
                          "--mask"}},
               [] { return mi_fgsm_options(); }),
      stepping(
          {.name = "penalty",
           .what = "the chapter's: a score less lambda times the L-infinity norm, in no ball",
           .norms = {kLinf},
           .flags = {"--loss", "--steps", "--alpha", "--lambda", "--samples", "--stay", "--mask"},
           .nearest = true},
          penalty_options),
      with(
          {.name = "apgd",
           .what = "Auto-PGD, whose steps shrink by themselves (Croce and Hein 2020)",
           .norms = {kLinf, kL2},
           .flags = {"--loss", "--steps", "--restarts", "--samples"}},
          [](const MethodOptions& o) { return apgd_options(o, {}); }, apgd),
      with(
          {.name = "apgd-t",
           .what = "Auto-PGD towards each of the 9 likeliest classes by the targeted DLR loss",
           .norms = {kLinf, kL2},
           .flags = {"--steps", "--restarts", "--samples"},
           .targeted = false},
          [](const MethodOptions& o) { return apgd_options(o, autoattack_parts(o.norm).apgd_t); },
          apgd),
      {.name = "autoattack",
       .what = "the standard suite: APGD-CE, APGD-T, FAB-T, Square (Croce and Hein 2020)",
       .norms = {kLinf, kL2},
       .flags = {},
       .targeted = false,
       .make = run_autoattack,
       .used = autoattack_used},
      with({.name = "cw",
            .what = "the nearest image in L2, by optimisation (Carlini and Wagner 2017)",
            .norms = {kL2},
            .flags = {"--steps", "--searches", "--samples"},
            .nearest = true},
           cw_options, carlini_wagner),
      with({.name = "deepfool",
            .what = "to the nearest boundary, made linear (Moosavi-Dezfooli et al. 2016)",
            .norms = {kL2, kLinf},
            .flags = {"--steps"},
            .nearest = true},
           deepfool_options, deepfool),
      with({.name = "fab",
            .what = "the nearest image, along boundaries made linear (Croce and Hein 2020)",
            .norms = {kLinf, kL2},
            .flags = {"--steps"},
            .nearest = true},
           fab_options, fab),
      with({.name = "square",
            .what = "random squares, by scores alone (Andriushchenko et al. 2020)",
            .norms = {kLinf, kL2},
            .flags = {"--queries", "--restarts"},
            .white_box = false},
           square_options, make_square),
      with({.name = "hopskipjump",
            .what = "the nearest image, by labels alone (Chen et al. 2020)",
            .norms = {kL2, kLinf},
            .flags = {"--queries", "--steps"},
            .white_box = false,
            .nearest = true,
            .starts = true,
            .fills = true},
           hop_skip_jump_options, make_hop_skip_jump),
  };
  return all;
}

const Method& method_of(const std::string& name) {
  std::string names;
  for (const Method& method : methods()) {
    if (method.name == name) return method;
    names += (names.empty() ? "" : ", ") + method.name;
  }
  std::string small = name;
  for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const Method& method : methods()) {
    if (method.name == small) names = small;
  }
  throw UsageError("--method '" + printable(name) + "': expected " + names);
}

std::int64_t most_in_work(const Method& method, std::int64_t images) {
  return method.fills ? std::max(images, kLargestBatch) : images;
}

std::string methods_with(const std::string& flag) {
  std::string names;
  for (const Method& method : methods()) {
    if (std::ranges::find(method.flags, flag) == method.flags.end()) continue;
    names += (names.empty() ? "" : ", ") + method.name;
  }
  return names;
}

}  // namespace apps
