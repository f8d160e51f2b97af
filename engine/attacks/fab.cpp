#include "phosphene/attacks/fab.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/attacks/next_classes.hpp"
#include "engine/attacks/per_slot.hpp"
#include "engine/attacks/slot_attack.hpp"
#include "engine/ops/attack_steps.hpp"
#include "engine/ops/image_ops.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// What a slot's next evaluation is of: the clean image, the first point of a target (the clean
/// image again, now with the class difference), a point that a step has found, or one on the way
/// back from another class, which counts for nothing but its gradient.
enum class Phase : std::uint8_t { clean, first, stepped, back };

struct Slot : SlotState {
  Phase phase = Phase::clean;
  float nearest = INFINITY;  ///< distance of the outcome
  std::vector<std::int64_t> targets;
  std::size_t tried = 0;  ///< targets
  int step = 0;           ///< of this target
  ops::FabMove move = ops::FabMove::stay;
  bool keep = false;  ///< the point becomes the outcome
};

class Fab : public SlotAttack<Slot> {
 public:
  Fab(const Context& context, Victim& victim, const FabOptions& options)
      : SlotAttack(context, victim.images()),
        victim_(victim),
        options_(options),
        loss_(ops::make_class_loss(context, slots(), victim.classes())),
        x_(context.zeros(victim.images())),
        difference_(context.zeros({slots(), victim.classes(), 1, 1})),
        f_(context.empty({slots(), 1, 1, 1})),
        lengths_(context.empty({slots(), 1, 1, 1})),
        distances_(context, slots(), DType::f32),
        predictions_(context, slots(), DType::i32),
        moves_(context, slots(), DType::i32) {}

  void step() override {
    const Tensor& logits =
        victim_.forward(x_, draws([](const Slot& s) { return s.outcome.queries; }));
    ops::dots(context_, logits, difference_, f_);
    ops::class_loss(context_, AttackLoss::margin, logits, label_.upload(context_),
                    target_.upload(context_), loss_);
    ops::distances(context_, x_, x0_, options_.norm, lengths_);
    predictions_.download(context_, loss_.prediction);
    distances_.download(context_, lengths_);
    judge(logits);
    if (choose([](const Slot& s) { return s.keep; })) {
      ops::select(context_, choice_.device(), x_, kept_);
    }
    move();
  }

 private:
  void check(const Example& example) const override {
    check_example(victim_, example, options_.norm);
  }
  void begin(std::int64_t slot, const Example& example) override { put(example.image, slot, x_); }

  /// What the evaluation says of each image, and where it goes from here.
  void judge(const Tensor& logits) {
    const bool any_clean =
        choose([](const Slot& s) { return s.in_work && s.phase == Phase::clean; });
    const Tensor scores = any_clean ? ops::to_host(context_, logits) : Tensor();
    for (std::int64_t i = 0; i < slots(); ++i) {
      Slot& s = at(i);
      s.move = ops::FabMove::stay;
      s.keep = false;
      if (!s.in_work) continue;
      ++s.outcome.queries;
      const bool fooled = fools(predictions_[i], s.label, s.target);
      if (s.phase == Phase::clean) {
        if (fooled) {
          s.finish(true);
        } else {
          const auto classes = static_cast<std::size_t>(victim_.classes());
          s.targets = s.target >= 0 ? std::vector<std::int64_t>{s.target}
                                    : next_classes({scores.data() + i * victim_.classes(), classes},
                                                   s.label, options_.targets);
          begin_target(s, i);
        }
      } else if (s.phase == Phase::stepped) {
        after_step(s, i, fooled);
      } else {
        advance(s);
      }
    }
  }

  void after_step(Slot& s, std::int64_t slot, bool fooled) {
    ++s.step;
    ++s.outcome.iterations;
    const float distance = distances_[slot];
    if (fooled && distance < s.nearest && (options_.nearest || distance <= s.epsilon)) {
      s.keep = true;
      s.nearest = distance;
      s.outcome.success = true;
    }
    if (s.keep && !options_.nearest) {
      s.finish(true);
    } else if (s.step == options_.steps) {
      ++s.tried;
      if (s.tried < s.targets.size()) {
        begin_target(s, slot);
      } else {
        s.finish(s.outcome.success);
      }
    } else if (fooled) {
      s.move = ops::FabMove::back;
      s.phase = Phase::back;
    } else {
      advance(s);
    }
  }

  static void advance(Slot& s) {
    s.move = ops::FabMove::step;
    s.phase = Phase::stepped;
  }

  /// From the clean image, with the seed of z_t - z_y.
  void begin_target(Slot& s, std::int64_t slot) {
    s.phase = Phase::first;
    s.step = 0;
    Tensor seed = Tensor::host({1, victim_.classes(), 1, 1});
    std::fill_n(seed.data(), seed.count(), 0.0F);
    seed.data()[s.label] = -1;
    seed.data()[s.targets[s.tried]] = 1;
    Tensor row = ops::slot(difference_, slot);
    ops::copy(context_, seed, row);
  }

  /// Those that begin a target go back to the clean image, the others one move on.
  void move() {
    bool any = false;
    for (std::int64_t i = 0; i < slots(); ++i) {
      moves_[i] = static_cast<std::int32_t>(at(i).move);
      any = any || at(i).move != ops::FabMove::stay;
    }
    if (any) {
      const Tensor& w = victim_.backward(difference_);
      ops::fab_step(context_, options_.norm, w, f_, x0_, moves_.upload(context_),
                    {options_.alpha_max, options_.eta, options_.beta}, x_);
    }
    if (choose([](const Slot& s) { return s.in_work && s.phase == Phase::first; })) {
      ops::select(context_, choice_.device(), x0_, x_);
    }
  }

  Victim& victim_;
  FabOptions options_;
  ops::ClassLoss loss_;
  Tensor x_;           ///< points
  Tensor difference_;  ///< the seed of z_t - z_y
  Tensor f_, lengths_;
  PerSlot<float> distances_;
  PerSlot<std::int32_t> predictions_, moves_;
};

void check(const FabOptions& o) {
  if (o.steps < 1) throw UsageError("--steps " + std::to_string(o.steps) + ": expected at least 1");
  if (o.targets < 1) {
    throw UsageError("--targets " + std::to_string(o.targets) + ": expected at least 1");
  }
  const auto unit = [](float v) { return v >= 0 && v <= 1; };
  if (!unit(o.alpha_max) || !unit(o.beta) || !(o.eta >= 1)) {
    throw UsageError("FAB: expected alpha_max and beta in [0,1] and eta of at least 1");
  }
}

}  // namespace

std::unique_ptr<Attack> fab(const Context& context, Victim& victim, const FabOptions& options) {
  check(options);
  return std::make_unique<Fab>(context, victim, options);
}

}  // namespace phosphene
