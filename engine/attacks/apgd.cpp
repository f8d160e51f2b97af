#include "phosphene/attacks/apgd.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/attacks/apgd_schedule.hpp"
#include "engine/attacks/loss_gradient.hpp"
#include "engine/attacks/next_classes.hpp"
#include "engine/attacks/per_slot.hpp"
#include "engine/ops/attack_steps.hpp"
#include "engine/ops/image_ops.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// Draws of the random starts, beyond those of the victim.
constexpr std::uint32_t kStartDraw = 0xA0000000U;

/// What a slot's next evaluation is of.
enum class Phase : std::uint8_t { empty, clean, start, step, finished };

struct Slot {
  Phase phase = Phase::empty;
  std::int64_t index = 0, label = 0, target = -1;
  float epsilon = 0;
  std::vector<std::int64_t> targets;  ///< -1: none
  int run = 0, step = 0;              ///< the run; steps of it
  float largest = 0;                  ///< loss of all runs that ended
  ApgdSchedule schedule;
  bool best = false, back = false;         ///< ApgdSchedule::Verdict
  bool keep_x = false, keep_best = false;  ///< as the outcome
  Outcome outcome;
};

class Apgd : public Attack {
 public:
  Apgd(const Context& context, Victim& victim, const ApgdOptions& options)
      : context_(context),
        victim_(victim),
        options_(options),
        loss_(context, victim, options.loss, options.samples),
        slots_(static_cast<std::size_t>(victim.images().n)),
        step_(context, slots(), DType::f32),
        epsilon_(context, slots(), DType::f32),
        inertia_(context, slots(), DType::f32),
        choice_(context, slots(), DType::f32),
        losses_(context, slots(), DType::f32),
        label_(context, slots(), DType::i32),
        target_(context, slots(), DType::i32),
        predictions_(context, slots(), DType::i32),
        draws_(slots_.size()) {
    for (Tensor* t : {&x0_, &x_, &old_, &g_, &best_, &best_g_, &kept_}) {
      *t = context.zeros(victim.images());
    }
    label_.fill(0);
    target_.fill(-1);
    lengths_ = context.empty({slots(), 1, 1, 1});
  }

  std::int64_t slots() const override { return victim_.images().n; }

  void start(std::int64_t slot, const Example& example) override {
    check_example(victim_, example, options_.norm);
    loss_.check(example);
    Slot& s = at(slot);
    s = {};
    s.phase = Phase::clean;
    s.index = s.outcome.index = example.index;
    s.label = example.label;
    s.target = example.target;
    s.epsilon = example.epsilon;
    label_[slot] = static_cast<std::int32_t>(example.label);
    target_[slot] = static_cast<std::int32_t>(example.target);
    for (Tensor* t : {&x0_, &kept_}) {
      Tensor view = ops::slot(*t, slot);
      ops::copy(context_, example.image, view);
    }
  }

  void step() override {
    move();
    begin();
    for (std::int64_t i = 0; i < slots(); ++i) {
      draws_[static_cast<std::size_t>(i)] = {at(i).index,
                                             static_cast<std::uint32_t>(at(i).outcome.queries)};
    }
    loss_(x_, label_.upload(context_), target_.upload(context_), draws_);
    ops::copy(context_, loss_.gradient(), g_);
    losses_.download(context_, loss_.losses());
    predictions_.download(context_, loss_.predictions());
    judge();
  }

  bool finished(std::int64_t slot) const override {
    return slots_[static_cast<std::size_t>(slot)].phase == Phase::finished;
  }

  Outcome take(std::int64_t slot) override {
    Outcome outcome = std::move(at(slot).outcome);
    outcome.image = ops::to_host(context_, ops::slot(kept_, slot));
    at(slot).phase = Phase::empty;
    return outcome;
  }

 private:
  Slot& at(std::int64_t slot) { return slots_[static_cast<std::size_t>(slot)]; }

  template <class F>
  bool choose(F f) {
    return phosphene::choose(context_, slots_, f, choice_);
  }
  bool choose_phase(Phase phase) {
    return choose([&](const Slot& s) { return s.phase == phase; });
  }

  /// The images that are on their way; the others are moved nowhere that matters.
  void move() {
    if (!choose_phase(Phase::step)) return;
    for (std::int64_t i = 0; i < slots(); ++i) {
      const Slot& s = at(i);
      const bool moves = s.phase == Phase::step;
      step_[i] = moves ? s.schedule.step() : 0;
      epsilon_[i] = s.epsilon;
      inertia_[i] = moves && s.step > 0 ? 0.75F : 1;
    }
    ops::apgd_step(context_, options_.norm, g_, x0_, step_.upload(context_),
                   epsilon_.upload(context_), inertia_.upload(context_), x_, old_);
  }

  /// Clean images, and random points t eps / |t| of those that begin a run.
  void begin() {
    if (choose_phase(Phase::clean)) ops::select(context_, choice_.device(), x0_, x_);
    if (!choose_phase(Phase::start)) return;
    for (std::int64_t i = 0; i < slots(); ++i) {
      const Slot& s = at(i);
      draws_[static_cast<std::size_t>(i)] = {s.index,
                                             kStartDraw + static_cast<std::uint32_t>(s.run)};
      step_[i] = s.phase == Phase::start ? 1.0F : 0.0F;
    }
    ops::select(context_, choice_.device(), x0_, x_);
    Tensor& noise = g_;  // the gradient comes after
    ops::fill(context_, noise, 0);
    if (options_.norm == Norm::linf) {
      ops::add_uniform_noise(context_, noise, draws_, step_.upload(context_), noise);
    } else {
      ops::add_normal_noise(context_, noise, draws_, step_.upload(context_), noise);
    }
    ops::norms(context_, noise, options_.norm, lengths_);
    step_.download(context_, lengths_);
    for (std::int64_t i = 0; i < slots(); ++i) {
      step_[i] = at(i).phase == Phase::start ? at(i).epsilon / (step_[i] + 1e-12F) : 0;
      inertia_[i] = 1;
    }
    ops::combine(context_, step_.upload(context_), noise, inertia_.upload(context_), x_);
    ops::clamp(context_, x_, 0, 1);
    ops::select(context_, choice_.device(), x_, old_);
  }

  /// What the evaluation says of each image.
  void judge() {
    const bool any_clean = options_.targets > 0 && choose_phase(Phase::clean);
    const Tensor logits = any_clean ? ops::to_host(context_, loss_.logits()) : Tensor();
    for (std::int64_t i = 0; i < slots(); ++i) {
      Slot& s = at(i);
      s.best = s.back = s.keep_x = s.keep_best = false;
      if (s.phase == Phase::empty || s.phase == Phase::finished) continue;
      s.outcome.queries += loss_.samples();
      if (fools(predictions_[i], s.label, s.target)) {
        s.keep_x = true;
        s.outcome.success = true;
        s.outcome.iterations += s.phase == Phase::step ? 1 : 0;
        s.phase = Phase::finished;
      } else if (s.phase == Phase::clean) {
        plan(s, logits.empty() ? nullptr : logits.data() + i * victim_.classes());
        begin_run(s, i);
      } else if (s.phase == Phase::start) {
        s.schedule = {options_.steps, options_.rho, s.epsilon, losses_[i]};
        s.best = true;
        s.phase = Phase::step;
      } else {
        after_step(s, i);
      }
    }
    keep();
  }

  /// The classes that are tried, out of the clean logits.
  void plan(Slot& s, const float* logits) {
    if (options_.targets == 0 || s.target >= 0) {
      s.targets = {s.target};
      return;
    }
    const auto classes = static_cast<std::size_t>(victim_.classes());
    s.targets = next_classes({logits, classes}, s.label, options_.targets);
  }

  void begin_run(Slot& s, std::int64_t slot) {
    s.phase = Phase::start;
    s.step = 0;
    const auto target = static_cast<std::size_t>(s.run / options_.restarts);
    target_[slot] = static_cast<std::int32_t>(s.targets[target]);
  }

  void after_step(Slot& s, std::int64_t slot) {
    const auto [best, back] = s.schedule.next(losses_[slot]);
    s.best = best;
    s.back = back;
    ++s.step;
    ++s.outcome.iterations;
    if (s.step < options_.steps) return;
    s.keep_best = s.run == 0 || s.schedule.best() > s.largest;
    if (s.keep_best) s.largest = s.schedule.best();
    if (++s.run < static_cast<int>(s.targets.size()) * options_.restarts) {
      begin_run(s, slot);
    } else {
      s.phase = Phase::finished;
    }
  }

  /// Carries out what judge() found, on the device.
  void keep() {
    if (choose([](const Slot& s) { return s.best; })) {
      ops::select(context_, choice_.device(), x_, best_);
      ops::select(context_, choice_.device(), g_, best_g_);
    }
    if (choose([](const Slot& s) { return s.back; })) {
      ops::select(context_, choice_.device(), best_, x_);
      ops::select(context_, choice_.device(), best_g_, g_);
    }
    if (choose([](const Slot& s) { return s.keep_best; })) {
      ops::select(context_, choice_.device(), best_, kept_);
    }
    if (choose([](const Slot& s) { return s.keep_x; })) {
      ops::select(context_, choice_.device(), x_, kept_);
    }
  }

  const Context& context_;
  Victim& victim_;
  ApgdOptions options_;
  LossGradient loss_;
  std::vector<Slot> slots_;
  Tensor x0_, x_, old_, g_;  ///< clean images, points, those before, gradients
  Tensor best_, best_g_;     ///< point and gradient of the largest loss of the run
  Tensor kept_;              ///< outcomes
  Tensor lengths_;
  PerSlot<float> step_, epsilon_, inertia_, choice_, losses_;
  PerSlot<std::int32_t> label_, target_, predictions_;
  std::vector<Draw> draws_;
};

void check(const Victim& victim, const ApgdOptions& o) {
  const auto refuse = [](const std::string& flag, const std::string& value, const char* expected) {
    throw UsageError("--" + flag + " " + value + ": expected " + expected);
  };
  if (o.loss != AttackLoss::cross_entropy && o.loss != AttackLoss::dlr) {
    refuse("loss", to_string(o.loss), "ce or dlr for APGD");
  }
  if (o.steps < 1) refuse("steps", std::to_string(o.steps), "at least 1");
  if (o.restarts < 1) refuse("restarts", std::to_string(o.restarts), "at least 1");
  if (!(o.rho > 0 && o.rho <= 1)) refuse("rho", std::to_string(o.rho), "above 0, at most 1");
  if (o.targets < 0) refuse("targets", std::to_string(o.targets), "at least 0");
  if (o.targets > 0 && o.loss == AttackLoss::dlr && victim.classes() < 4) {
    throw UsageError("--loss dlr: targeted it needs at least 4 classes, the network has " +
                     std::to_string(victim.classes()));
  }
}

}  // namespace

std::unique_ptr<Attack> apgd(const Context& context, Victim& victim, const ApgdOptions& options) {
  check(victim, options);
  return std::make_unique<Apgd>(context, victim, options);
}

}  // namespace phosphene
