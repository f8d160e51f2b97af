#include "phosphene/attacks/apgd.hpp"

#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/attacks/apgd_schedule.hpp"
#include "engine/attacks/loss_gradient.hpp"
#include "engine/attacks/next_classes.hpp"
#include "engine/attacks/per_slot.hpp"
#include "engine/attacks/slot_attack.hpp"
#include "engine/ops/attack_steps.hpp"
#include "engine/ops/image_ops.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// Draws of the random starts, beyond those of the victim.
constexpr std::uint32_t kStartDraw = 0xA0000000U;

/// What a slot's next evaluation is of.
enum class Phase : std::uint8_t { clean, start, step };

struct Slot : SlotState {
  Phase phase = Phase::clean;
  std::vector<std::int64_t> targets;  ///< -1: none
  std::int64_t run = 0;               ///< of all targets and restarts
  int step = 0;                       ///< of the run
  float largest = 0;                  ///< loss of all runs that ended
  ApgdSchedule schedule;
  bool best = false, back = false;         ///< ApgdSchedule::Verdict
  bool keep_x = false, keep_best = false;  ///< as the outcome
};

class Apgd : public SlotAttack<Slot> {
 public:
  Apgd(const Context& context, Victim& victim, const ApgdOptions& options)
      : SlotAttack(context, victim.images()),
        victim_(victim),
        options_(options),
        loss_(context, victim, options.loss, options.samples),
        lengths_(context.empty({slots(), 1, 1, 1})),
        step_(context, slots(), DType::f32),
        epsilon_(context, slots(), DType::f32),
        inertia_(context, slots(), DType::f32),
        losses_(context, slots(), DType::f32),
        predictions_(context, slots(), DType::i32) {
    for (Tensor* t : {&x_, &old_, &g_, &best_, &best_g_}) *t = context.zeros(victim.images());
  }

  void step() override {
    move();
    begin_runs();
    loss_(x_, label_.upload(context_), target_.upload(context_),
          draws([](const Slot& s) { return s.outcome.queries; }));
    ops::copy(context_, loss_.gradient(), g_);
    losses_.download(context_, loss_.losses());
    predictions_.download(context_, loss_.predictions());
    judge();
    keep();
  }

 private:
  void check(const Example& example) const override {
    check_example(victim_, example, options_.norm);
    loss_.check(example);
  }

  bool choose_phase(Phase phase) {
    return choose([&](const Slot& s) { return s.in_work && s.phase == phase; });
  }

  /// The images that are on their way; the others are moved nowhere that matters.
  void move() {
    if (!choose_phase(Phase::step)) return;
    for (std::int64_t i = 0; i < slots(); ++i) {
      const Slot& s = at(i);
      const bool moves = s.in_work && s.phase == Phase::step;
      step_[i] = moves ? s.schedule.step() : 0;
      epsilon_[i] = s.epsilon;
      inertia_[i] = moves && s.step > 0 ? 0.75F : 1;
    }
    ops::apgd_step(context_, options_.norm, g_, x0_, step_.upload(context_),
                   epsilon_.upload(context_), inertia_.upload(context_), x_, old_);
  }

  /// Clean images, and random points t eps / |t| of those that begin a run.
  void begin_runs() {
    if (choose_phase(Phase::clean)) ops::select(context_, choice_.device(), x0_, x_);
    if (!choose_phase(Phase::start)) return;
    const auto starts = [](const Slot& s) { return s.in_work && s.phase == Phase::start; };
    for (std::int64_t i = 0; i < slots(); ++i) step_[i] = starts(at(i)) ? 1.0F : 0.0F;
    ops::select(context_, choice_.device(), x0_, x_);
    Tensor& noise = g_;  // the gradient comes after
    ops::fill(context_, noise, 0);
    const auto& drawn =
        draws([](const Slot& s) { return kStartDraw + static_cast<std::uint32_t>(s.run); });
    if (options_.norm == Norm::linf) {
      ops::add_uniform_noise(context_, noise, drawn, step_.upload(context_), noise);
    } else {
      ops::add_normal_noise(context_, noise, drawn, step_.upload(context_), noise);
    }
    ops::norms(context_, noise, options_.norm, lengths_);
    step_.download(context_, lengths_);
    for (std::int64_t i = 0; i < slots(); ++i) {
      step_[i] = starts(at(i)) ? at(i).epsilon / (step_[i] + 1e-12F) : 0;
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
      if (!s.in_work) continue;
      s.outcome.queries += loss_.samples();
      if (fools(predictions_[i], s.label, s.target)) {
        s.keep_x = true;
        s.outcome.iterations += s.phase == Phase::step ? 1 : 0;
        s.finish(true);
      } else if (s.phase == Phase::clean) {
        plan(s, logits.empty() ? nullptr : logits.data() + i * victim_.classes());
        begin_run(s, i);
      } else if (s.phase == Phase::start) {
        s.schedule = {options_.steps, options_.rho, s.epsilon, or_least(losses_[i])};
        s.best = true;
        s.phase = Phase::step;
      } else {
        after_step(s, i);
      }
    }
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
    const auto [best, back] = s.schedule.next(or_least(losses_[slot]));
    s.best = best;
    s.back = back;
    ++s.step;
    ++s.outcome.iterations;
    if (s.step < options_.steps) return;
    s.keep_best = s.run == 0 || s.schedule.best() > s.largest;
    if (s.keep_best) s.largest = s.schedule.best();
    if (++s.run < std::ssize(s.targets) * options_.restarts) {
      begin_run(s, slot);
    } else {
      s.finish(false);
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

  Victim& victim_;
  ApgdOptions options_;
  LossGradient loss_;
  Tensor x_, old_, g_;    ///< points, those before, gradients
  Tensor best_, best_g_;  ///< point and gradient of the largest loss of the run
  Tensor lengths_;
  PerSlot<float> step_, epsilon_, inertia_, losses_;
  PerSlot<std::int32_t> predictions_;
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
