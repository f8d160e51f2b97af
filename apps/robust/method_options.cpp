#include "method_options.hpp"

#include "record.hpp"

namespace apps {
namespace {

using namespace phosphene;

constexpr float kLambda = 1, kPenaltyAlpha = 2.0F / 255;

/// `value` becomes what a flag said.
template <class Value, class Said>
void set(Value& value, const std::optional<Said>& said) {
  if (said) value = static_cast<Value>(*said);
}

}  // namespace

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

}  // namespace apps
