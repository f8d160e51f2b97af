#include "methods.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <memory>
#include <utility>

#include "phosphene/attacks/apgd.hpp"
#include "phosphene/attacks/autoattack.hpp"
#include "phosphene/attacks/carlini_wagner.hpp"
#include "phosphene/attacks/deepfool.hpp"
#include "phosphene/attacks/fab.hpp"
#include "phosphene/attacks/hop_skip_jump.hpp"
#include "phosphene/attacks/pgd.hpp"
#include "phosphene/attacks/square.hpp"
#include "phosphene/error.hpp"
#include "record.hpp"

namespace apps {
namespace {

using namespace phosphene;

constexpr Norm kLinf = Norm::linf, kL2 = Norm::l2;
constexpr int kTargets = 9;  // AutoAttack's
constexpr float kLambda = 1, kPenaltyAlpha = 2.0F / 255;

/// `value` becomes what a flag said.
template <class Value, class Said>
void set(Value& value, const std::optional<Said>& said) {
  if (said) value = static_cast<Value>(*said);
}

PgdOptions pgd_options(const MethodOptions& o, PgdOptions options) {
  options.norm = o.norm;
  set(options.loss, o.loss);
  set(options.steps, o.steps);
  set(options.restarts, o.restarts);
  set(options.samples, o.samples);
  set(options.alpha, o.alpha);
  set(options.momentum, o.momentum);
  if (options.penalty > 0) set(options.penalty, o.lambda);
  options.stay = o.stay;
  if (!o.mask.empty()) options.mask = o.mask.view();
  return options;
}
PgdOptions penalty_options() {
  PgdOptions options = bim_options();
  options.loss = AttackLoss::score;
  options.alpha = kPenaltyAlpha;
  options.penalty = kLambda;
  return options;
}
nlohmann::json said(const PgdOptions& o) {
  nlohmann::json json{
      {"loss", to_string(o.loss)},       {"steps", o.steps},     {"restarts", o.restarts},
      {"random_start", o.random_start},  {"samples", o.samples}, {"stay", o.stay},
      {"momentum", shortest(o.momentum)}};
  if (o.penalty > 0) json["lambda"] = shortest(o.penalty);
  const bool relative = o.alpha == 0;
  json[relative ? "relative_alpha" : "alpha"] = shortest(relative ? o.relative_alpha : o.alpha);
  return json;
}

ApgdOptions apgd_options(const MethodOptions& o, ApgdOptions options) {
  options.norm = o.norm;
  set(options.loss, o.loss);
  set(options.steps, o.steps);
  set(options.restarts, o.restarts);
  set(options.samples, o.samples);
  return options;
}
ApgdOptions apgd_t_options() {
  ApgdOptions options;
  options.loss = AttackLoss::dlr;
  options.targets = kTargets;
  return options;
}
nlohmann::json said(const ApgdOptions& o) {
  nlohmann::json json{{"loss", to_string(o.loss)},
                      {"steps", o.steps},
                      {"restarts", o.restarts},
                      {"samples", o.samples},
                      {"rho", shortest(o.rho)}};
  if (o.targets > 0) json["targets"] = o.targets;
  return json;
}

CarliniWagnerOptions cw_options(const MethodOptions& o) {
  CarliniWagnerOptions options;
  set(options.steps, o.steps);
  set(options.searches, o.searches);
  set(options.samples, o.samples);
  return options;
}
nlohmann::json said(const CarliniWagnerOptions& o) {
  return {{"steps", o.steps},
          {"searches", o.searches},
          {"samples", o.samples},
          {"rate", shortest(o.rate)},
          {"initial_c", shortest(o.initial_c)},
          {"kappa", shortest(o.kappa)},
          {"abort_early", o.abort_early}};
}

DeepFoolOptions deepfool_options(const MethodOptions& o) {
  DeepFoolOptions options;
  options.norm = o.norm;
  set(options.steps, o.steps);
  return options;
}
nlohmann::json said(const DeepFoolOptions& o) {
  return {{"steps", o.steps}, {"overshoot", shortest(o.overshoot)}, {"candidates", o.candidates}};
}

FabOptions fab_options(const MethodOptions& o) {
  FabOptions options;
  options.norm = o.norm;
  options.nearest = true;
  set(options.steps, o.steps);
  return options;
}
nlohmann::json said(const FabOptions& o) {
  return {{"steps", o.steps},
          {"targets", o.targets},
          {"alpha_max", shortest(o.alpha_max)},
          {"eta", shortest(o.eta)},
          {"beta", shortest(o.beta)}};
}

SquareOptions square_options(const MethodOptions& o) {
  SquareOptions options;
  options.norm = o.norm;
  set(options.queries, o.queries);
  set(options.restarts, o.restarts);
  return options;
}
nlohmann::json said(const SquareOptions& o) {
  return {{"queries", o.queries}, {"restarts", o.restarts}, {"p_init", shortest(o.p_init)}};
}
std::unique_ptr<Attack> make_square(const Context& c, Victim& v, const SquareOptions& options) {
  return square(c, as_classifier(c, v), v.images(), options);
}

HopSkipJumpOptions hop_skip_jump_options(const MethodOptions& o) {
  HopSkipJumpOptions options;
  options.norm = o.norm;
  set(options.iterations, o.steps);
  set(options.max_queries, o.queries);
  return options;
}
nlohmann::json said(const HopSkipJumpOptions& o) {
  nlohmann::json json{{"steps", o.iterations},
                      {"initial_evaluations", o.initial_evaluations},
                      {"max_evaluations", o.max_evaluations},
                      {"gamma", shortest(o.gamma)}};
  if (o.max_queries > 0) json["queries"] = o.max_queries;
  return json;
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

/// The parameters that autoattack() gives its parts.
nlohmann::json autoattack_used(const MethodOptions&) {
  return {{"apgd-ce", said(ApgdOptions{})},
          {"apgd-t", said(apgd_t_options())},
          {"fab-t", said(FabOptions{})},
          {"square", said(SquareOptions{})}};
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
          [](const MethodOptions& o) { return apgd_options(o, apgd_t_options()); }, apgd),
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
  return method.fills ? std::max(images, kMostAtOnce) : images;
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
