#include "phosphene/attacks/carlini_wagner.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "engine/attacks/carlini_wagner_search.hpp"
#include "engine/attacks/loss_gradient.hpp"
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

class CarliniWagner final : public Attack {
 public:
  CarliniWagner(const Context& context, Victim& victim, const CarliniWagnerOptions& options)
      : context_(context),
        victim_(victim),
        options_(options),
        at_(context, victim, AttackLoss::margin, options.samples),
        adam_(context, victim.images()),
        clean_(context.zeros(victim.images())),
        x_(context.zeros(victim.images())),
        best_(context.zeros(victim.images())),
        distance_(context.zeros({slots(), 1, 1, 1})),
        improved_(context.zeros({slots(), 1, 1, 1})),
        label_(context.empty({slots(), 1, 1, 1}, DType::i32)),
        target_(context.empty({slots(), 1, 1, 1}, DType::i32)),
        labels_(size(), 0),
        targets_(size(), -1),
        slots_(size()) {}

  std::int64_t slots() const override { return victim_.images().n; }

  void start(std::int64_t slot, const Example& example) override {
    check_example(victim_, example, Norm::l2);  // its epsilon is not looked at
    Tensor clean = ops::slot(clean_, slot), best = ops::slot(best_, slot);
    ops::copy(context_, example.image, clean);
    ops::copy(context_, clean, best);
    Slot& s = at(slot);
    s = {.busy = true, .fresh = true, .index = example.index};
    s.search = CarliniWagnerSearch(options_);
    labels_[static_cast<std::size_t>(slot)] = static_cast<std::int32_t>(example.label);
    targets_[static_cast<std::size_t>(slot)] = static_cast<std::int32_t>(example.target);
    ops::set_classes(context_, labels_, label_);
    ops::set_classes(context_, targets_, target_);
    any_fresh_ = true;
  }

  void step() override {
    if (any_fresh_) start_fresh();
    std::vector<Draw> draws;
    for (const Slot& s : slots_) {
      draws.push_back({s.index, static_cast<std::uint32_t>(s.iterations * at_.samples())});
    }
    at_(x_, label_, target_, draws);
    ops::distances(context_, x_, clean_, Norm::l2, distance_);
    const std::vector<float> margins = ops::host_numbers(context_, at_.margins());
    const std::vector<float> distances = ops::host_numbers(context_, distance_);

    std::vector<Change> changes(size());
    std::vector<float> improved(size(), 0);
    for (std::size_t i = 0; i < size(); ++i) {
      if (!slots_[i].busy || slots_[i].done) continue;
      changes[i] = change(slots_[i], margins[i], distances[i]);
      improved[i] = slots_[i].search.improved() ? 1.0F : 0.0F;
    }
    if (std::any_of(improved.begin(), improved.end(), [](float f) { return f > 0; })) {
      ops::set_numbers(context_, improved, improved_);
      ops::select(context_, improved_, x_, best_);
    }
    ops::carlini_wagner_step(context_, changes, clean_, at_.gradient(), adam_, x_);
  }

  bool finished(std::int64_t slot) const override {
    return slots_[static_cast<std::size_t>(slot)].done;
  }

  Outcome take(std::int64_t slot) override {
    Slot& s = at(slot);
    Outcome outcome{.index = s.index,
                    .image = ops::to_host(context_, ops::slot(best_, slot)),
                    .success = s.search.found(),
                    .iterations = s.iterations,
                    .queries = s.iterations * at_.samples()};
    s = {};
    return outcome;
  }

 private:
  struct Slot {
    bool busy = false, fresh = false, done = false;
    std::int64_t index = 0, iterations = 0;
    CarliniWagnerSearch search{};
  };
  std::size_t size() const { return static_cast<std::size_t>(victim_.images().n); }
  Slot& at(std::int64_t slot) { return slots_[static_cast<std::size_t>(slot)]; }

  void start_fresh() {
    std::vector<Change> changes(size());
    for (std::size_t i = 0; i < size(); ++i) {
      if (std::exchange(slots_[i].fresh, false)) changes[i].move = Change::start;
    }
    ops::carlini_wagner_step(context_, changes, clean_, clean_, adam_, x_);  // no gradient is read
    any_fresh_ = false;
  }

  Change change(Slot& s, float margin, float distance) {
    ++s.iterations;
    const double c = s.search.c();
    switch (s.search.look(margin, distance)) {
      case CarliniWagnerSearch::Next::end:
        s.done = true;
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

  const Context& context_;
  Victim& victim_;
  CarliniWagnerOptions options_;
  LossGradient at_;
  ops::CarliniWagnerState adam_;
  Tensor clean_, x_, best_, distance_, improved_, label_, target_;
  std::vector<std::int32_t> labels_, targets_;
  std::vector<Slot> slots_;
  bool any_fresh_ = false;
};

}  // namespace

std::unique_ptr<Attack> carlini_wagner(const Context& context, Victim& victim,
                                       const CarliniWagnerOptions& options) {
  check(options);
  return std::make_unique<CarliniWagner>(context, victim, options);
}

}  // namespace phosphene
