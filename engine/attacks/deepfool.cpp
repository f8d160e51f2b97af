#include "phosphene/attacks/deepfool.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/attacks/next_classes.hpp"
#include "engine/attacks/slot_attack.hpp"
#include "engine/ops/image_ops.hpp"
#include "engine/ops/nearest_ops.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

void check(const DeepFoolOptions& options, std::int64_t classes) {
  const auto refuse = [](const std::string& flag, const std::string& value, const char* expected) {
    throw UsageError(flag + " " + value + ": expected " + expected);
  };
  if (options.steps < 1) refuse("--steps", std::to_string(options.steps), "1 or more");
  if (!(options.overshoot >= 0)) {
    refuse("--overshoot", std::to_string(options.overshoot), "0 or more");
  }
  if (options.candidates < 2) {
    refuse("--candidates", std::to_string(options.candidates), "2 or more");
  }
  if (classes < 2) throw UsageError("deepfool: a network of one class has no boundary");
}

struct Slot : SlotState {
  bool fresh = true;  ///< its candidates are not chosen
};

/// The k-th boundary of every slot: the class behind it, -1 where the slot has no k-th, and the
/// gradient of z_to - z_from at the logits.
struct Candidate {
  PerSlot<std::int32_t> to;
  Tensor seed;
};

class DeepFool final : public SlotAttack<Slot> {
 public:
  DeepFool(const Context& context, Victim& victim, const DeepFoolOptions& options)
      : SlotAttack(context, victim.images()),
        victim_(victim),
        options_(options),
        loss_(ops::make_class_loss(context, slots(), victim.classes())),
        x_(kept_.view()),
        total_(context.zeros(victim.images())),
        nearest_(context.zeros(victim.images())),
        length_(context.zeros({slots(), 1, 1, 1})),
        distance_(context.zeros({slots(), 1, 1, 1})),
        scale_(context.zeros({slots(), 1, 1, 1})),
        chosen_(context.zeros({slots(), 1, 1, 1})),
        margins_(context, slots(), DType::f32),
        from_(context, slots(), DType::i32) {
    const std::int64_t boundaries =
        std::min<std::int64_t>(options.candidates, victim.classes()) - 1;
    for (std::int64_t k = 0; k < boundaries; ++k) {
      candidates_.push_back({.to = PerSlot<std::int32_t>(context, slots(), DType::i32),
                             .seed = context.zeros({slots(), victim.classes(), 1, 1})});
      candidates_.back().to.fill(-1);
    }
  }

  void step() override {
    const Tensor& logits = look();
    const bool any = choose([](const Slot& s) { return s.in_work; });
    if (!any) return;
    choose_candidates(logits);
    find_nearest(logits);
    ops::deepfool_step(context_, choice_.device(), scale_, options_.norm, options_.overshoot, x0_,
                       nearest_, total_, x_);
    for (Slot& s : slots_) s.outcome.iterations += s.in_work ? 1 : 0;
  }

 private:
  void check(const Example& example) const override {
    check_example(victim_, example, Norm::l2);  // its epsilon is not looked at
  }
  void begin(std::int64_t slot, const Example&) override {
    Tensor total = ops::slot(total_, slot);
    ops::fill(context_, total, 0);
  }

  /// Logits at x; says who is done.
  const Tensor& look() {
    const Tensor& logits =
        victim_.forward(x_, draws([](const Slot& s) { return s.outcome.queries; }));
    ops::class_loss(context_, AttackLoss::margin, logits, label_.upload(context_),
                    target_.upload(context_), loss_);
    margins_.download(context_, loss_.margin);
    for (std::int64_t i = 0; i < slots(); ++i) {
      Slot& s = at(i);
      if (!s.in_work) continue;
      ++s.outcome.queries;
      const bool fooled = margins_[i] > 0;
      if (fooled || s.outcome.iterations == options_.steps) s.finish(fooled);
    }
    return logits;
  }

  // Those of a target move with the image; all others are chosen once.
  void choose_candidates(const Tensor& logits) {
    const auto asks = [](const Slot& s) { return s.in_work && (s.fresh || s.target >= 0); };
    if (std::none_of(slots_.begin(), slots_.end(), asks)) return;
    const Tensor host = ops::to_host(context_, logits);
    const std::int64_t classes = victim_.classes();
    for (std::int64_t i = 0; i < slots(); ++i) {
      if (!asks(at(i))) continue;
      choose_candidates(i, {host.data() + i * classes, static_cast<std::size_t>(classes)});
      at(i).fresh = false;
    }
    from_.upload(context_);
    Tensor seed = Tensor::host({slots(), classes, 1, 1});
    for (Candidate& candidate : candidates_) {
      std::fill_n(seed.data(), seed.count(), 0.0F);
      for (std::int64_t i = 0; i < slots(); ++i) {
        if (!at(i).in_work || candidate.to[i] < 0) continue;
        seed.data()[i * classes + candidate.to[i]] = 1;
        seed.data()[i * classes + from_[i]] = -1;
      }
      ops::copy(context_, seed, candidate.seed);
      candidate.to.upload(context_);
    }
  }

  void choose_candidates(std::int64_t slot, std::span<const float> logits) {
    const std::int64_t target = at(slot).target;
    const auto wanted = target >= 0 ? 1 : std::ssize(candidates_) + 1;
    const std::vector<std::int64_t> largest = next_classes(logits, target, wanted);
    from_[slot] = static_cast<std::int32_t>(largest[0]);
    for (std::size_t k = 0; k < candidates_.size(); ++k) {
      const std::int64_t to = target < 0 ? largest[k + 1] : k == 0 ? target : -1;
      candidates_[k].to[slot] = static_cast<std::int32_t>(to);
    }
  }

  /// Of each slot the gradient and the scale of its nearest boundary.
  void find_nearest(const Tensor& logits) {
    ops::fill(context_, distance_, std::numeric_limits<float>::infinity());
    ops::fill(context_, scale_, 0);
    for (Candidate& candidate : candidates_) {
      bool wanted = false;
      for (std::int64_t i = 0; i < slots(); ++i) {
        wanted = wanted || (at(i).in_work && candidate.to[i] >= 0);
      }
      if (!wanted) continue;
      const Tensor& gradient = victim_.backward(candidate.seed);
      if (options_.norm == Norm::l2) {
        ops::norms(context_, gradient, Norm::l2, length_);
      } else {
        ops::l1_norms(context_, gradient, length_);
      }
      ops::deepfool_choose(context_, logits, from_.device(), candidate.to.device(), length_,
                           options_.norm, distance_, scale_, chosen_);
      ops::select(context_, chosen_, gradient, nearest_);
    }
  }

  Victim& victim_;
  DeepFoolOptions options_;
  ops::ClassLoss loss_;
  Tensor x_;  ///< the last point is the outcome
  Tensor total_, nearest_, length_, distance_, scale_, chosen_;
  PerSlot<float> margins_;
  PerSlot<std::int32_t> from_;
  std::vector<Candidate> candidates_;
};

}  // namespace

std::unique_ptr<Attack> deepfool(const Context& context, Victim& victim,
                                 const DeepFoolOptions& options) {
  check(options, victim.classes());
  return std::make_unique<DeepFool>(context, victim, options);
}

}  // namespace phosphene
