#include "methods.hpp"

#include <algorithm>
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

/// An attack that remembers the tag of what is in each slot. run_attack() starts what its queue
/// gave last, and hands on at once what it takes.
class TaggedAttack : public Attack {
 public:
  explicit TaggedAttack(std::unique_ptr<Attack> attack)
      : attack_(std::move(attack)), tags_(static_cast<std::size_t>(attack_->slots())) {}

  void run(const NextTagged& next, const TakeTagged& done) {
    const auto next_example = [&]() -> std::optional<Example> {
      std::optional<Tagged> tagged = next();
      if (!tagged) return {};
      tag_ = tagged->tag;
      return std::move(tagged->example);
    };
    run_attack(*this, next_example, [&](Outcome outcome) { done(std::move(outcome), tag_); });
  }

  std::int64_t slots() const override { return attack_->slots(); }
  void start(std::int64_t slot, const Example& example) override {
    tags_[static_cast<std::size_t>(slot)] = tag_;
    attack_->start(slot, example);
  }
  void step() override { attack_->step(); }
  bool finished(std::int64_t slot) const override { return attack_->finished(slot); }
  Outcome take(std::int64_t slot) override {
    tag_ = tags_[static_cast<std::size_t>(slot)];
    return attack_->take(slot);
  }

 private:
  std::unique_ptr<Attack> attack_;
  std::vector<std::int64_t> tags_;
  std::int64_t tag_ = 0;
};

RunAttack running(std::unique_ptr<Attack> attack) {
  const auto tagged = std::make_shared<TaggedAttack>(std::move(attack));
  return [tagged](const NextTagged& next, const TakeTagged& done) { tagged->run(next, done); };
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

RunAttack run_apgd(const Context& context, Victim& victim, const MethodOptions& o,
                   ApgdOptions options) {
  options.norm = o.norm;
  set(options.loss, o.loss);
  set(options.steps, o.steps);
  set(options.restarts, o.restarts);
  set(options.samples, o.samples);
  return running(apgd(context, victim, options));
}

/// It runs over its own queue, with one epsilon: an image is known by its index.
RunAttack run_autoattack(const Context& context, Victim& victim, const MethodOptions& o) {
  return [&context, &victim, options = AutoAttackOptions{o.norm}](const NextTagged& next,
                                                                  const TakeTagged& done) {
    std::map<std::int64_t, std::int64_t> tags;
    const auto next_example = [&]() -> std::optional<Example> {
      std::optional<Tagged> tagged = next();
      if (!tagged) return {};
      tags[tagged->example.index] = tagged->tag;
      return std::move(tagged->example);
    };
    autoattack(context, victim, options, next_example, [&](Outcome outcome) {
      const auto tag = tags.extract(outcome.index);
      done(std::move(outcome), tag.mapped());
    });
  };
}

}  // namespace

const std::vector<Method>& methods() {
  static const std::vector<Method> all{
      {.name = "fgsm",
       .what = "one step along the gradient's sign (Goodfellow et al. 2015)",
       .norms = {kLinf, kL2},
       .flags = {"--loss", "--samples", "--mask"},
       .make = [](const Context& c, Victim& v,
                  const MethodOptions& o) { return run_pgd(c, v, o, fgsm_options()); }},
      {.name = "bim",
       .what = "small steps from the image (Kurakin et al. 2017)",
       .norms = {kLinf, kL2},
       .flags = {"--loss", "--steps", "--alpha", "--samples", "--stay", "--mask"},
       .make = [](const Context& c, Victim& v,
                  const MethodOptions& o) { return run_pgd(c, v, o, bim_options()); }},
      {.name = "pgd",
       .what = "small steps from random points of the ball (Madry et al. 2018)",
       .norms = {kLinf, kL2},
       .flags = {"--loss", "--steps", "--alpha", "--restarts", "--samples", "--stay", "--mask"},
       .make = [](const Context& c, Victim& v,
                  const MethodOptions& o) { return run_pgd(c, v, o, PgdOptions{}); }},
      {.name = "mi-fgsm",
       .what = "small steps with momentum (Dong et al. 2018)",
       .norms = {kLinf, kL2},
       .flags = {"--loss", "--steps", "--alpha", "--momentum", "--samples", "--stay", "--mask"},
       .make = [](const Context& c, Victim& v,
                  const MethodOptions& o) { return run_pgd(c, v, o, mi_fgsm_options()); }},
      {.name = "penalty",
       .what = "the chapter's: a score less lambda times the L-infinity norm, in no ball",
       .norms = {kLinf},
       .flags = {"--loss", "--steps", "--alpha", "--lambda", "--samples", "--stay", "--mask"},
       .nearest = true,
       .make =
           [](const Context& c, Victim& v, const MethodOptions& o) {
             PgdOptions options = bim_options();
             options.loss = AttackLoss::score;
             options.alpha = kPenaltyAlpha;
             options.penalty = o.lambda.value_or(kLambda);
             return run_pgd(c, v, o, std::move(options));
           }},
      {.name = "apgd",
       .what = "Auto-PGD, whose steps shrink by themselves (Croce and Hein 2020)",
       .norms = {kLinf, kL2},
       .flags = {"--loss", "--steps", "--restarts", "--samples"},
       .make = [](const Context& c, Victim& v,
                  const MethodOptions& o) { return run_apgd(c, v, o, ApgdOptions{}); }},
      {.name = "apgd-t",
       .what = "Auto-PGD towards each of the 9 likeliest classes by the targeted DLR loss",
       .norms = {kLinf, kL2},
       .flags = {"--steps", "--restarts", "--samples"},
       .targeted = false,
       .make =
           [](const Context& c, Victim& v, const MethodOptions& o) {
             ApgdOptions options;
             options.loss = AttackLoss::dlr;
             options.targets = kTargets;
             return run_apgd(c, v, o, options);
           }},
      {.name = "autoattack",
       .what = "the standard suite: APGD-CE, APGD-T, FAB-T, Square (Croce and Hein 2020)",
       .norms = {kLinf, kL2},
       .flags = {},
       .targeted = false,
       .epsilons = false,
       .make = run_autoattack},
      {.name = "cw",
       .what = "the nearest image in L2, by optimisation (Carlini and Wagner 2017)",
       .norms = {kL2},
       .flags = {"--steps", "--searches", "--samples"},
       .nearest = true,
       .make =
           [](const Context& c, Victim& v, const MethodOptions& o) {
             CarliniWagnerOptions options;
             set(options.steps, o.steps);
             set(options.searches, o.searches);
             set(options.samples, o.samples);
             return running(carlini_wagner(c, v, options));
           }},
      {.name = "deepfool",
       .what = "to the nearest boundary, made linear (Moosavi-Dezfooli et al. 2016)",
       .norms = {kL2, kLinf},
       .flags = {"--steps"},
       .nearest = true,
       .make =
           [](const Context& c, Victim& v, const MethodOptions& o) {
             DeepFoolOptions options;
             options.norm = o.norm;
             set(options.steps, o.steps);
             return running(deepfool(c, v, options));
           }},
      {.name = "fab",
       .what = "the nearest image, along boundaries made linear (Croce and Hein 2020)",
       .norms = {kLinf, kL2},
       .flags = {"--steps"},
       .nearest = true,
       .make =
           [](const Context& c, Victim& v, const MethodOptions& o) {
             FabOptions options;
             options.norm = o.norm;
             options.nearest = true;
             set(options.steps, o.steps);
             return running(fab(c, v, options));
           }},
      {.name = "square",
       .what = "random squares, by scores alone (Andriushchenko et al. 2020)",
       .norms = {kLinf, kL2},
       .flags = {"--queries", "--restarts"},
       .white_box = false,
       .make =
           [](const Context& c, Victim& v, const MethodOptions& o) {
             SquareOptions options;
             options.norm = o.norm;
             set(options.queries, o.queries);
             set(options.restarts, o.restarts);
             return running(square(c, as_classifier(c, v), v.images(), options));
           }},
      {.name = "hopskipjump",
       .what = "the nearest image, by labels alone (Chen et al. 2020)",
       .norms = {kL2, kLinf},
       .flags = {"--queries", "--steps"},
       .white_box = false,
       .nearest = true,
       .starts = true,
       .make =
           [](const Context& c, Victim& v, const MethodOptions& o) {
             HopSkipJumpOptions options;
             options.norm = o.norm;
             set(options.iterations, o.steps);
             set(options.max_queries, o.queries);
             options.slots = options.batch = v.images().n;
             return running(hop_skip_jump(c, as_classifier(c, v), options));
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
