#include "phosphene/attacks/pgd.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/attacks/loss_gradient.hpp"
#include "engine/attacks/pgd_options.hpp"
#include "engine/ops/image_ops.hpp"
#include "engine/ops/tensor_ops.hpp"

namespace phosphene {
namespace {

/// An image in work. At the start of a step it holds iterate `iterate` of start `restart`, or, if
/// `begins`, is to be put there.
struct Slot {
  bool busy = false, begins = false, finished = false, success = false;
  std::int64_t index = 0, label = 0, target = -1;
  int restart = 0, iterate = 0;
  std::int64_t iterations = 0, queries = 0;
  float best = 0;  // margin of what `best_` holds; nothing before the first start ends
  bool has_best = false;

  bool runs() const { return busy && !finished; }
};

/// The batch's tensors lie on the device from start() to take(). The host counts the steps; it
/// reads predictions where an image may leave, so that with `stay` a whole batch of starts goes by
/// without waiting.
class Pgd : public Attack {
 public:
  Pgd(const Context& context, Victim& victim, PgdOptions options)
      : context_(context),
        victim_(victim),
        options_(std::move(options)),
        loss_(context, victim, options_.loss, options_.samples),
        slots_(static_cast<std::size_t>(victim.images().n)),
        draws_(slots_.size()),
        labels_(slots_.size(), 0),
        targets_(slots_.size(), -1),
        alphas_(slots_.size(), 0),
        radii_(slots_.size(), 0),
        chosen_(slots_.size(), 0) {
    const Shape shape = victim.images();
    for (Tensor* batch : {&clean_, &x_, &best_}) *batch = context.zeros(shape);
    label_ = ops::classes(context, labels_);
    target_ = ops::classes(context, targets_);
    for (Tensor* number : {&alpha_, &radius_, &choice_}) {
      *number = context.zeros({shape.n, 1, 1, 1});
    }
    if (!options_.mask.empty()) mask_ = ops::to_device(context, options_.mask);
    if (options_.random_start) start_ = context.zeros(shape);
    if (options_.random_start && options_.norm == Norm::l2) {
      noise_ = context.zeros(shape);
      length_ = context.zeros({shape.n, 1, 1, 1});
      half_radius_ = context.zeros({shape.n, 1, 1, 1});
      one_ = ops::numbers(context, std::vector<float>(slots_.size(), 1));
    }
    if (options_.momentum > 0) {
      memory_ = context.zeros(shape);
      nothing_ = context.zeros(shape);
      norm_ = context.zeros({shape.n, 1, 1, 1});
      momentum_ = ops::numbers(context, std::vector<float>(slots_.size(), options_.momentum));
    }
    if (options_.penalty > 0) {
      penalised_ = context.zeros(shape);
      slack_ = context.zeros({shape.n, 1, 1, 1});
    }
  }

  std::int64_t slots() const override { return static_cast<std::int64_t>(slots_.size()); }

  void start(std::int64_t at, const Example& example) override {
    check_example(victim_, example, options_.norm);
    loss_.check(example);
    const auto i = static_cast<std::size_t>(at);
    slots_[i] = {.busy = true,
                 .begins = true,
                 .index = example.index,
                 .label = example.label,
                 .target = example.target};
    labels_[i] = static_cast<std::int32_t>(example.label);
    targets_[i] = static_cast<std::int32_t>(example.target);
    alphas_[i] = options_.alpha > 0 ? options_.alpha : options_.relative_alpha * example.epsilon;
    radii_[i] = options_.penalty > 0 ? 1 : example.epsilon;
    Tensor clean = ops::slot(clean_, at);
    ops::copy(context_, example.image, clean);
    changed_ = true;
  }

  void step() override {
    if (changed_) upload();
    begin_starts();
    const bool last = any([&](const Slot& s) { return s.iterate == options_.steps; });
    const bool more = any([&](const Slot& s) { return s.iterate < options_.steps; });
    // Who may leave is known after the forward pass, and then perhaps nobody asks for a gradient.
    const bool at_once = options_.stay || loss_.samples() > 1;
    set_draws();
    loss_(x_, label_, target_, draws_, more && at_once);
    for (Slot& s : slots_) s.queries += s.runs() ? loss_.samples() : 0;
    if (last || !options_.stay) judge();
    if (!any([](const Slot& s) { return !s.begins; })) return;
    if (!at_once) loss_.backward();
    move();
  }

  bool finished(std::int64_t slot) const override { return at(slot).finished; }

  Outcome take(std::int64_t slot) override {
    Slot& s = slots_[static_cast<std::size_t>(slot)];
    Outcome outcome{s.index, ops::to_host(context_, ops::slot(best_, slot)), s.success,
                    s.iterations, s.queries};
    s = {};
    return outcome;
  }

 private:
  const Slot& at(std::int64_t slot) const { return slots_[static_cast<std::size_t>(slot)]; }

  template <class Is>
  bool any(Is is) const {
    return std::any_of(slots_.begin(), slots_.end(),
                       [&](const Slot& s) { return s.runs() && is(s); });
  }

  /// Which slots `is` holds for, as the device reads it; false for none.
  template <class Is>
  bool choose(Is is) {
    bool some = false;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const bool chosen = slots_[i].runs() && is(i);
      chosen_[i] = chosen ? 1.0F : 0.0F;
      some = some || chosen;
    }
    if (some) ops::set_numbers(context_, chosen_, choice_);
    return some;
  }

  void upload() {
    ops::set_classes(context_, labels_, label_);
    ops::set_classes(context_, targets_, target_);
    ops::set_numbers(context_, alphas_, alpha_);
    ops::set_numbers(context_, radii_, radius_);
    if (!half_radius_.empty()) {
      ops::copy(context_, radius_, half_radius_);
      ops::scale(context_, 0.5F, half_radius_);
    }
    if (!slack_.empty()) {
      ops::copy(context_, alpha_, slack_);
      ops::scale(context_, 0.5F, slack_);
    }
    changed_ = false;
  }

  void set_draws() {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const Slot& s = slots_[i];
      const std::int64_t calls = std::int64_t{s.restart} * (options_.steps + 1) + s.iterate;
      draws_[i] = {s.index, static_cast<std::uint32_t>(calls * loss_.samples()) % kAttackDraw};
    }
  }

  /// Puts those that begin where they begin, and forgets their momentum.
  void begin_starts() {
    if (!choose([&](std::size_t i) { return slots_[i].begins; })) return;
    if (options_.random_start) scatter();
    ops::select(context_, choice_, options_.random_start ? start_ : clean_, x_);
    if (options_.momentum > 0) ops::select(context_, choice_, nothing_, memory_);
    for (Slot& s : slots_) s.begins = false;
  }

  /// Random points of the balls. Those of all slots are made; who begins takes its own.
  void scatter() {
    const auto draw = [&](std::uint32_t purpose) {
      for (std::size_t i = 0; i < slots_.size(); ++i) {
        const auto restart = static_cast<std::uint32_t>(slots_[i].restart);
        draws_[i] = {slots_[i].index, kAttackDraw + 2 * restart + purpose};
      }
    };
    ops::copy(context_, clean_, start_);
    draw(0);
    if (options_.norm == Norm::linf) {
      ops::add_uniform_noise(context_, start_, draws_, radius_, start_);
      ops::project(context_, clean_, radius_, options_.norm, start_, mask_);
      return;
    }
    // A step of a uniform length in a normal direction.
    ops::fill(context_, noise_, 0);
    ops::add_normal_noise(context_, noise_, draws_, one_, noise_);
    draw(1);
    ops::add_uniform_noise(context_, half_radius_, draws_, half_radius_, length_);
    ops::step(context_, options_.norm, noise_, clean_, length_, radius_, mask_, start_);
  }

  /// Reads the predictions at x_: who has fooled leaves, whose start has ended begins the next or
  /// leaves. The best image of each is kept.
  void judge() {
    const std::vector<std::int32_t> predictions = ops::host_classes(context_, loss_.predictions());
    std::vector<float> margins;
    if (any([&](const Slot& s) { return s.iterate == options_.steps; })) {
      margins = ops::host_numbers(context_, loss_.margins());
    }
    std::vector<bool> better(slots_.size());
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      Slot& s = slots_[i];
      const bool ended = s.iterate == options_.steps;
      if (!s.runs() || (options_.stay && !ended)) continue;
      const bool fooled = fools(predictions[i], s.label, s.target);
      better[i] = fooled || (ended && (!s.has_best || margins[i] > s.best));
      if (ended && better[i]) s.best = margins[i];
      s.has_best = s.has_best || better[i];
      s.success = fooled;
    }
    // Copied before anybody leaves, since it is those in work who are chosen.
    if (choose([&](std::size_t i) { return better[i]; })) {
      ops::select(context_, choice_, x_, best_);
    }
    for (Slot& s : slots_) {
      if (!s.runs()) continue;
      const bool ended = s.iterate == options_.steps;
      s.finished = s.success || (ended && s.restart + 1 == options_.restarts);
      if (s.finished || !ended) continue;
      ++s.restart;
      s.iterate = 0;
      s.begins = true;
    }
  }

  /// x_ one step further. It moves those too that have left or begin anew: nobody looks at them.
  void move() {
    const Tensor* g = &loss_.gradient();
    if (options_.penalty > 0) {
      ops::copy(context_, *g, penalised_);
      ops::linf_penalty(context_, x_, clean_, options_.penalty, slack_, penalised_);
      g = &penalised_;
    }
    if (options_.momentum > 0) {
      ops::l1_norms(context_, *g, norm_);
      ops::accumulate(context_, *g, norm_, momentum_, memory_);
      g = &memory_;
    }
    ops::step(context_, options_.norm, *g, clean_, alpha_, radius_, mask_, x_);
    for (Slot& s : slots_) {
      if (!s.runs() || s.begins) continue;
      ++s.iterate;
      ++s.iterations;
    }
  }

  const Context& context_;
  Victim& victim_;
  PgdOptions options_;
  LossGradient loss_;
  std::vector<Slot> slots_;
  // By slot, on the host and on the device.
  std::vector<Draw> draws_;
  std::vector<std::int32_t> labels_, targets_;
  std::vector<float> alphas_, radii_, chosen_;
  Tensor label_, target_, alpha_, radius_, choice_;
  bool changed_ = false;  // the host's numbers are newer
  Tensor clean_, x_, best_, mask_;
  Tensor start_, noise_, length_, half_radius_, one_;  // where random starts are made
  Tensor memory_, nothing_, norm_, momentum_;          // of the momentum
  Tensor penalised_, slack_;                           // of the penalty
};

}  // namespace

std::unique_ptr<Attack> pgd(const Context& context, Victim& victim, PgdOptions options) {
  check_options(options, victim);
  return std::make_unique<Pgd>(context, victim, std::move(options));
}

}  // namespace phosphene
