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
