#include "phosphene/attacks/carlini_wagner.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/attacks/carlini_wagner_search.hpp"
#include "engine/attacks/loss_gradient.hpp"
#include "engine/attacks/slot_attack.hpp"
#include "engine/ops/image_ops.hpp"
#include "engine/ops/nearest_ops.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

using Change = ops::CarliniWagnerSlot;

void check(const CarliniWagnerOptions& options) {
  const auto positive = [](const char* flag, double value) {
    if (value > 0) return;
    throw UsageError(std::string(flag) + " " + std::to_string(value) + ": expected more than 0");
  };
  positive("--searches", options.searches);
  positive("--steps", options.steps);
  positive("--rate", double{options.rate});
  positive("--initial-c", double{options.initial_c});
  positive("--samples", options.samples);
  if (!(options.kappa >= 0)) {
    throw UsageError("--kappa " + std::to_string(options.kappa) + ": expected 0 or more");
  }
}

struct Slot : SlotState {
  bool fresh = true;  ///< x is not yet the clean image
  bool keep = false;  ///< the point becomes the outcome
  CarliniWagnerSearch search;
};

class CarliniWagner final : public SlotAttack<Slot> {
 public:
  CarliniWagner(const Context& context, Victim& victim, const CarliniWagnerOptions& options)
      : SlotAttack(context, victim.images()),
        victim_(victim),
        options_(options),
        loss_(context, victim, AttackLoss::margin, options.samples),
        adam_(context, victim.images()),
        x_(context.zeros(victim.images())),
        lengths_(context.zeros({slots(), 1, 1, 1})),
        margins_(context, slots(), DType::f32),
        distances_(context, slots(), DType::f32),
        changes_(slots_.size()) {}

  void step() override {
    start_fresh();
    loss_(x_, label_.upload(context_), target_.upload(context_),
          draws([](const Slot& s) { return s.outcome.queries; }));
    ops::distances(context_, x_, x0_, Norm::l2, lengths_);
    margins_.download(context_, loss_.margins());
    distances_.download(context_, lengths_);
    for (std::int64_t i = 0; i < slots(); ++i) {
      Slot& s = at(i);
      s.keep = false;
      change(i) = s.in_work ? judge(s, margins_[i], distances_[i]) : Change{};
    }
    if (choose([](const Slot& s) { return s.keep; })) {
      ops::select(context_, choice_.device(), x_, kept_);
    }
    ops::carlini_wagner_step(context_, changes_, x0_, loss_.gradient(), adam_, x_);
  }

 private:
  void check(const Example& example) const override {
    check_example(victim_, example, Norm::l2);  // its epsilon is not looked at
  }
  void begin(std::int64_t slot, const Example&) override {
    at(slot).search = CarliniWagnerSearch(options_);
  }

  Change& change(std::int64_t slot) { return changes_[static_cast<std::size_t>(slot)]; }

  void start_fresh() {
    bool any = false;
    for (std::int64_t i = 0; i < slots(); ++i) {
      const bool starts = at(i).in_work && std::exchange(at(i).fresh, false);
      change(i) = starts ? Change{.move = Change::start} : Change{};
      any = any || starts;
    }
    // No gradient is read.
    if (any) ops::carlini_wagner_step(context_, changes_, x0_, x0_, adam_, x_);
  }

  /// What the evaluation says of an image, and what follows.
  Change judge(Slot& s, float margin, float distance) {
    ++s.outcome.iterations;
    s.outcome.queries += loss_.samples();
    const double c = s.search.c();
    const CarliniWagnerSearch::Next next = s.search.look(margin, distance);
    s.keep = s.search.improved();
    switch (next) {
      case CarliniWagnerSearch::Next::end:
        s.finish(s.search.found());
        return {};
      case CarliniWagnerSearch::Next::restart:
        return {.move = Change::start};
      case CarliniWagnerSearch::Next::step:
        break;
    }
    const int t = s.search.step();
    return {.move = Change::step,
            .weight = margin < options_.kappa ? static_cast<float>(c) : 0.0F,
            .rate = static_cast<float>(double{options_.rate} / (1 - std::pow(0.9, t))),
            .root = static_cast<float>(1 / std::sqrt(1 - std::pow(0.999, t)))};
  }

  Victim& victim_;
  CarliniWagnerOptions options_;
  LossGradient loss_;
  ops::CarliniWagnerState adam_;
  Tensor x_, lengths_;
  PerSlot<float> margins_, distances_;
  std::vector<Change> changes_;
};

}  // namespace

std::unique_ptr<Attack> carlini_wagner(const Context& context, Victim& victim,
                                       const CarliniWagnerOptions& options) {
  check(options);
  return std::make_unique<CarliniWagner>(context, victim, options);
}

}  // namespace phosphene
