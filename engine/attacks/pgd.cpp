#include "phosphene/attacks/pgd.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "engine/attacks/loss_gradient.hpp"
#include "engine/attacks/pgd_options.hpp"
#include "engine/attacks/slot_attack.hpp"
#include "engine/ops/image_ops.hpp"
#include "engine/ops/tensor_ops.hpp"

namespace phosphene {
namespace {

/// At the start of a step it holds iterate `iterate` of start `restart`, or, if `begins`, is to be
/// put there.
struct Slot : SlotState {
  bool begins = true;
  int restart = 0, iterate = 0;
  bool keep = false;   ///< the point becomes the outcome
  bool ended = false;  ///< a start has
  float largest = 0;   ///< margin of those that ended
};

/// The batch's tensors lie on the device from start() to take(). The host counts the steps; it
/// reads predictions where an image may leave, so that with `stay` a whole batch of starts goes by
/// without waiting.
class Pgd : public SlotAttack<Slot> {
 public:
  Pgd(const Context& context, Victim& victim, PgdOptions options)
      : SlotAttack(context, victim.images()),
        victim_(victim),
        options_(std::move(options)),
        loss_(context, victim, options_.loss, options_.samples),
        alpha_(context, slots(), DType::f32),
        radius_(context, slots(), DType::f32),
        margins_(context, slots(), DType::f32),
        predictions_(context, slots(), DType::i32),
        x_(context.zeros(victim.images())) {
    const Shape shape = victim.images();
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

  void step() override {
    if (changed_) upload();
    begin_starts();
    const bool last = any([&](const Slot& s) { return s.iterate == options_.steps; });
    const bool more = any([&](const Slot& s) { return s.iterate < options_.steps; });
    // Who may leave is known after the forward pass, and then perhaps nobody asks for a gradient.
    const bool at_once = options_.stay || loss_.samples() > 1;
    const auto draw = [&](const Slot& s) {
      const std::int64_t call = s.restart * (std::int64_t{options_.steps} + 1) + s.iterate;
      return call % (kAttackDraw / loss_.samples()) * loss_.samples();
    };
    loss_(x_, label_.device(), target_.device(), draws(draw), more && at_once);
    for (Slot& s : slots_) s.outcome.queries += s.in_work ? loss_.samples() : 0;
    if (last || !options_.stay) judge();
    if (!any([](const Slot& s) { return !s.begins; })) return;
    if (!at_once) loss_.backward();
    move();
  }

 private:
  void check(const Example& example) const override {
    check_example(victim_, example, options_.norm);
    loss_.check(example);
  }
  void begin(std::int64_t slot, const Example& example) override {
    alpha_[slot] = options_.alpha > 0 ? options_.alpha : options_.relative_alpha * example.epsilon;
    radius_[slot] = options_.penalty > 0 ? 1 : example.epsilon;
    changed_ = true;
  }

  /// Whether f holds for an image in work.
  template <class F>
  bool any(F f) const {
    return std::any_of(slots_.begin(), slots_.end(),
                       [&](const Slot& s) { return s.in_work && f(s); });
  }

  void upload() {
    label_.upload(context_);
    target_.upload(context_);
    alpha_.upload(context_);
    radius_.upload(context_);
    if (!half_radius_.empty()) {
      ops::copy(context_, radius_.device(), half_radius_);
      ops::scale(context_, 0.5F, half_radius_);
    }
    if (!slack_.empty()) {
      ops::copy(context_, alpha_.device(), slack_);
      ops::scale(context_, 0.5F, slack_);
    }
    changed_ = false;
  }

  /// Puts those that begin where they begin, and forgets their momentum.
  void begin_starts() {
    if (!choose([](const Slot& s) { return s.in_work && s.begins; })) return;
    if (options_.random_start) scatter();
    ops::select(context_, choice_.device(), options_.random_start ? start_ : x0_, x_);
    if (options_.momentum > 0) ops::select(context_, choice_.device(), nothing_, memory_);
    for (Slot& s : slots_) s.begins = false;
  }

  /// Random points of the balls. Those of all slots are made; who begins takes its own.
  void scatter() {
    const auto drawn = [&](std::uint32_t purpose) -> const std::vector<Draw>& {
      return draws([&](const Slot& s) {
        return kAttackDraw + 2 * static_cast<std::uint32_t>(s.restart) + purpose;
      });
    };
    const Tensor& radius = radius_.device();
    ops::copy(context_, x0_, start_);
    if (options_.norm == Norm::linf) {
      ops::add_uniform_noise(context_, start_, drawn(0), radius, start_);
      ops::project(context_, x0_, radius, options_.norm, start_, mask_);
      return;
    }
    // A step of a uniform length in a normal direction.
    ops::fill(context_, noise_, 0);
    ops::add_normal_noise(context_, noise_, drawn(0), one_, noise_);
    ops::add_uniform_noise(context_, half_radius_, drawn(1), half_radius_, length_);
    ops::step(context_, options_.norm, noise_, x0_, length_, radius, mask_, start_);
  }

  /// Reads the predictions at x_: who has fooled leaves, whose start has ended begins the next or
  /// leaves. The best image of each is kept.
  void judge() {
    predictions_.download(context_, loss_.predictions());
    const auto ends = [&](const Slot& s) { return s.iterate == options_.steps; };
    if (any(ends)) margins_.download(context_, loss_.margins());
    for (std::int64_t i = 0; i < slots(); ++i) {
      Slot& s = at(i);
      s.keep = false;
      if (!s.in_work || (options_.stay && !ends(s))) continue;
      if (fools(predictions_[i], s.label, s.target)) {
        s.keep = true;
        s.finish(true);
      } else if (ends(s)) {
        end_start(s, or_least(margins_[i]));
      }
    }
    if (choose([](const Slot& s) { return s.keep; })) {
      ops::select(context_, choice_.device(), x_, kept_);
    }
  }

  void end_start(Slot& s, float margin) {
    s.keep = !s.ended || margin > s.largest;
    if (s.keep) s.largest = margin;
    s.ended = true;
    s.iterate = 0;
    s.begins = true;
    if (++s.restart == options_.restarts) s.finish(false);
  }

  /// x_ one step further. It moves those too that have left or begin anew: nobody looks at them.
  void move() {
    const Tensor* g = &loss_.gradient();
    if (options_.penalty > 0) {
      ops::copy(context_, *g, penalised_);
      ops::linf_penalty(context_, x_, x0_, options_.penalty, slack_, penalised_);
      g = &penalised_;
    }
    if (options_.momentum > 0) {
      ops::l1_norms(context_, *g, norm_);
      ops::accumulate(context_, *g, norm_, momentum_, memory_);
      g = &memory_;
    }
    ops::step(context_, options_.norm, *g, x0_, alpha_.device(), radius_.device(), mask_, x_);
    for (Slot& s : slots_) {
      if (!s.in_work || s.begins) continue;
      ++s.iterate;
      ++s.outcome.iterations;
    }
  }

  Victim& victim_;
  PgdOptions options_;
  LossGradient loss_;
  bool changed_ = true;  ///< the host's numbers are newer
  PerSlot<float> alpha_, radius_, margins_;
  PerSlot<std::int32_t> predictions_;
  Tensor x_, mask_;
  Tensor start_, noise_, length_, half_radius_, one_;  ///< where random starts are made
  Tensor memory_, nothing_, norm_, momentum_;          ///< of the momentum
  Tensor penalised_, slack_;                           ///< of the penalty
};

}  // namespace

std::unique_ptr<Attack> pgd(const Context& context, Victim& victim, PgdOptions options) {
  check_options(options, victim);
  return std::make_unique<Pgd>(context, victim, std::move(options));
}

}  // namespace phosphene
