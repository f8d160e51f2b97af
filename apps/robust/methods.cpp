#include "methods.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "phosphene/attacks/pgd.hpp"
#include "phosphene/error.hpp"

namespace apps {
namespace {

using namespace phosphene;

constexpr Norm kLinf = Norm::linf, kL2 = Norm::l2;

/// `value` becomes what a flag said.
template <class Value, class Said>
void set(Value& value, const std::optional<Said>& said) {
  if (said) value = static_cast<Value>(*said);
}

RunAttack running(std::unique_ptr<Attack> attack) {
  const std::shared_ptr<Attack> shared = std::move(attack);
  return [shared](const NextExample& next, const TakeOutcome& done) {
    run_attack(*shared, next, done);
  };
}

RunAttack run_pgd(const Context& context, Victim& victim, const MethodOptions& o,
                  PgdOptions options) {
  options.norm = o.norm;
  set(options.loss, o.loss);
  set(options.steps, o.steps);
  set(options.restarts, o.restarts);
  set(options.samples, o.samples);
  set(options.alpha, o.alpha);
  set(options.momentum, o.momentum);
  options.stay = o.stay;
  if (!o.mask.empty()) options.mask = o.mask.view();
  return running(pgd(context, victim, std::move(options)));
}

}  // namespace

const std::vector<Method>& methods() {
  static const std::vector<Method> all{
      {.name = "fgsm",
       .what = "one step along the gradient's sign (Goodfellow et al. 2015)",
       .norms = {kLinf, kL2},
       .flags = {"--loss", "--samples", "--mask"},
       .make =
           [](const Context& c, Victim& v, const MethodOptions& o) {
             return run_pgd(c, v, o, fgsm_options());
           }},
      {.name = "bim",
       .what = "small steps from the image (Kurakin et al. 2017)",
       .norms = {kLinf, kL2},
       .flags = {"--loss", "--steps", "--alpha", "--samples", "--stay", "--mask"},
       .make =
           [](const Context& c, Victim& v, const MethodOptions& o) {
             return run_pgd(c, v, o, bim_options());
           }},
      {.name = "pgd",
       .what = "small steps from random points of the ball (Madry et al. 2018)",
       .norms = {kLinf, kL2},
       .flags = {"--loss", "--steps", "--alpha", "--restarts", "--samples", "--stay", "--mask"},
       .make =
           [](const Context& c, Victim& v, const MethodOptions& o) {
             return run_pgd(c, v, o, PgdOptions{});
           }},
      {.name = "mi-fgsm",
       .what = "small steps with momentum (Dong et al. 2018)",
       .norms = {kLinf, kL2},
       .flags = {"--loss", "--steps", "--alpha", "--momentum", "--samples", "--stay", "--mask"},
       .make =
           [](const Context& c, Victim& v, const MethodOptions& o) {
             return run_pgd(c, v, o, mi_fgsm_options());
           }},
  };
  return all;
}

const Method& method_of(const std::string& name) {
  std::string names;
  for (const Method& method : methods()) {
    if (method.name == name) return method;
    names += (names.empty() ? "" : ", ") + method.name;
  }
  throw UsageError("--method '" + printable(name) + "': expected " + names);
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
