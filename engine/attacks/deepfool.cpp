#include "phosphene/attacks/deepfool.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

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

class DeepFool final : public Attack {
 public:
  DeepFool(const Context& context, Victim& victim, const DeepFoolOptions& options)
      : context_(context),
        victim_(victim),
        options_(options),
        loss_(ops::make_class_loss(context, victim.images().n, victim.classes())),
        x0_(context.zeros(victim.images())),
        x_(context.zeros(victim.images())),
        total_(context.zeros(victim.images())),
        nearest_(context.zeros(victim.images())),
        length_(numbers()),
        distance_(numbers()),
        scale_(numbers()),
        chosen_(numbers()),
        active_(numbers()),
        label_(indices()),
        target_(indices()),
        from_(indices()),
        labels_(size(), 0),
        targets_(size(), -1),
        froms_(size(), 0),
        slots_(size()) {
    const std::int64_t boundaries =
        std::min<std::int64_t>(options.candidates, victim.classes()) - 1;
    for (std::int64_t k = 0; k < boundaries; ++k) {
      candidates_.push_back({.classes = std::vector<std::int32_t>(size(), -1),
                             .to = indices(),
                             .seed = context.zeros({slots(), victim.classes(), 1, 1})});
    }
  }

  std::int64_t slots() const override { return victim_.images().n; }

  void start(std::int64_t slot, const Example& example) override {
    check_example(victim_, example, Norm::l2);  // its epsilon is not looked at
    Tensor x0 = ops::slot(x0_, slot), x = ops::slot(x_, slot), total = ops::slot(total_, slot);
    ops::copy(context_, example.image, x0);
    ops::copy(context_, x0, x);
    ops::fill(context_, total, 0);
    const auto i = static_cast<std::size_t>(slot);
    slots_[i] = {.busy = true, .fresh = true, .index = example.index};
    labels_[i] = static_cast<std::int32_t>(example.label);
    targets_[i] = static_cast<std::int32_t>(example.target);
    ops::set_classes(context_, labels_, label_);
    ops::set_classes(context_, targets_, target_);
  }

  void step() override {
    const Tensor& logits = look();
    std::vector<float> active(size(), 0);
    bool any = false;
    for (std::size_t i = 0; i < size(); ++i) {
      if (!slots_[i].busy || slots_[i].done) continue;
      active[i] = 1;
      any = true;
      ++slots_[i].steps;
    }
    if (!any) return;
    choose_candidates(logits);
    ops::set_numbers(context_, active, active_);
    find_nearest(logits);
    ops::deepfool_step(context_, active_, scale_, options_.norm, options_.overshoot, x0_, nearest_,
                       total_, x_);
  }

  bool finished(std::int64_t slot) const override {
    return slots_[static_cast<std::size_t>(slot)].done;
  }

  Outcome take(std::int64_t slot) override {
    Slot& s = slots_[static_cast<std::size_t>(slot)];
    Outcome outcome{.index = s.index,
                    .image = ops::to_host(context_, ops::slot(x_, slot)),
                    .success = s.success,
                    .iterations = s.steps,
                    .queries = s.queries};
    s = {};
    return outcome;
  }

 private:
  struct Slot {
    bool busy = false, fresh = false, done = false, success = false;
    std::int64_t index = 0, steps = 0, queries = 0;
  };
  /// The k-th boundary of every slot: the class behind it, -1 where the slot has no k-th, and the
  /// gradient of z_to - z_from at the logits.
  struct Candidate {
    std::vector<std::int32_t> classes;
    Tensor to, seed;
  };

  Tensor numbers() const { return context_.zeros({victim_.images().n, 1, 1, 1}); }
  Tensor indices() const { return context_.zeros({victim_.images().n, 1, 1, 1}, DType::i32); }
  std::size_t size() const { return static_cast<std::size_t>(victim_.images().n); }

  /// Logits at x; says which slots are done.
  const Tensor& look() {
    std::vector<Draw> draws;
    for (const Slot& s : slots_) {
      draws.push_back({s.index, static_cast<std::uint32_t>(s.queries)});
    }
    const Tensor& logits = victim_.forward(x_, draws);
    ops::class_loss(context_, AttackLoss::margin, logits, label_, target_, loss_);
    const std::vector<float> margins = ops::host_numbers(context_, loss_.margin);
    for (std::size_t i = 0; i < size(); ++i) {
      Slot& s = slots_[i];
      if (!s.busy || s.done) continue;
      ++s.queries;
      s.success = margins[i] > 0;
      s.done = s.success || s.steps == options_.steps;
    }
    return logits;
  }

  // Those of a target move with the image; all others are chosen once.
  void choose_candidates(const Tensor& logits) {
    std::vector<std::size_t> asking;
    for (std::size_t i = 0; i < size(); ++i) {
      Slot& s = slots_[i];
      if (s.busy && !s.done && (s.fresh || targets_[i] >= 0)) asking.push_back(i);
      s.fresh = false;
    }
    if (asking.empty()) return;
    const Tensor host = ops::to_host(context_, logits);
    for (const std::size_t i : asking) {
      choose_candidates(i, host.data() + static_cast<std::int64_t>(i) * victim_.classes());
    }
    ops::set_classes(context_, froms_, from_);
    Tensor seed = Tensor::host({slots(), victim_.classes(), 1, 1});
    for (Candidate& candidate : candidates_) {
      std::fill_n(seed.data(), seed.count(), 0.0F);
      for (std::size_t i = 0; i < size(); ++i) {
        if (candidate.classes[i] < 0) continue;
        float* row = seed.data() + static_cast<std::int64_t>(i) * victim_.classes();
        row[candidate.classes[i]] = 1;
        row[froms_[i]] = -1;
      }
      ops::copy(context_, seed, candidate.seed);
      ops::set_classes(context_, candidate.classes, candidate.to);
    }
  }

  void choose_candidates(std::size_t slot, const float* logits) {
    const std::int32_t target = targets_[slot];
    std::vector<std::int32_t> order(static_cast<std::size_t>(victim_.classes()));
    std::iota(order.begin(), order.end(), 0);
    if (target >= 0) std::erase(order, target);
    const std::size_t wanted = target >= 0 ? 1 : candidates_.size() + 1;
    const auto score = [logits](std::int32_t k) {
      return std::isnan(logits[k]) ? -std::numeric_limits<float>::infinity() : logits[k];
    };
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(wanted),
                      order.end(), [&](std::int32_t a, std::int32_t b) {
                        return score(a) > score(b) || (score(a) == score(b) && a < b);
                      });
    froms_[slot] = order[0];
    for (std::size_t k = 0; k < candidates_.size(); ++k) {
      candidates_[k].classes[slot] = target < 0 ? order[k + 1] : k == 0 ? target : -1;
    }
  }

  /// Of each slot the gradient and the scale of its nearest boundary.
  void find_nearest(const Tensor& logits) {
    ops::fill(context_, distance_, std::numeric_limits<float>::infinity());
    ops::fill(context_, scale_, 0);
    for (const Candidate& candidate : candidates_) {
      const auto nobody = [&](std::size_t i) {
        return !slots_[i].busy || slots_[i].done || candidate.classes[i] < 0;
      };
      bool wanted = false;
      for (std::size_t i = 0; i < size(); ++i) wanted = wanted || !nobody(i);
      if (!wanted) continue;
      const Tensor& gradient = victim_.backward(candidate.seed);
      if (options_.norm == Norm::l2) {
        ops::norms(context_, gradient, Norm::l2, length_);
      } else {
        ops::l1_norms(context_, gradient, length_);
      }
      ops::deepfool_choose(context_, logits, from_, candidate.to, length_, options_.norm, distance_,
                           scale_, chosen_);
      ops::select(context_, chosen_, gradient, nearest_);
    }
  }

  const Context& context_;
  Victim& victim_;
  DeepFoolOptions options_;
  ops::ClassLoss loss_;
  Tensor x0_, x_, total_, nearest_, length_, distance_, scale_, chosen_, active_;
  Tensor label_, target_, from_;
  std::vector<std::int32_t> labels_, targets_, froms_;
  std::vector<Candidate> candidates_;
  std::vector<Slot> slots_;
};

}  // namespace

std::unique_ptr<Attack> deepfool(const Context& context, Victim& victim,
                                 const DeepFoolOptions& options) {
  check(options, victim.classes());
  return std::make_unique<DeepFool>(context, victim, options);
}

}  // namespace phosphene
