#include "phosphene/attacks/square.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/attacks/ask.hpp"
#include "engine/attacks/per_slot.hpp"
#include "engine/attacks/slot_attack.hpp"
#include "engine/attacks/square_moves.hpp"
#include "engine/ops/attack_steps.hpp"
#include "engine/ops/image_ops.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// Draws of this attack, whatever noise others take from the same image.
constexpr std::uint32_t kDraws = 0xB0000000U;

/// What a slot's next evaluation is of.
enum class Phase : std::uint8_t { clean, start, proposal };

struct Slot : SlotState {
  Phase phase = Phase::clean;
  Tensor image;       ///< clean, on the host
  int run = 0;        ///< restarts taken
  int proposals = 0;  ///< of this run
  float best = 0;     ///< the margin of the best point of this run
  float most = 0;     ///< of all runs that ended
  bool take = false, keep = false;
};

class Square : public SlotAttack<Slot> {
 public:
  Square(const Context& context, Classifier classifier, const Shape& images,
         const SquareOptions& options)
      : SlotAttack(context, images),
        classifier_(std::move(classifier)),
        shape_(images),
        options_(options),
        bumps_(options.norm, static_cast<double>(options.p_init), options.queries, images.h,
               images.w),
        x_(context.zeros(images)),
        y_(context.zeros(images)),
        epsilon_(context, images.n, DType::f32),
        margins_(context, images.n, DType::f32),
        predictions_(context, images.n, DType::i32),
        moves_(context, images.n, DType::i32) {
    const auto count = static_cast<std::int64_t>(bumps_.table().size());
    Tensor table = Tensor::host({1, count, 1, 1});
    std::copy_n(bumps_.table().data(), count, table.data());
    table_ = ops::to_device(context, table);
  }

  void step() override {
    propose();
    look();
    for (std::int64_t i = 0; i < slots(); ++i) {
      Slot& s = at(i);
      s.take = s.keep = false;
      if (s.in_work) judge(s, or_least(margins_[i]), predictions_[i]);
    }
    if (choose([](const Slot& s) { return s.take; })) {
      ops::select(context_, choice_.device(), y_, x_);
    }
    if (choose([](const Slot& s) { return s.keep; })) {
      ops::select(context_, choice_.device(), x_, kept_);
    }
  }

 private:
  void check(const Example& example) const override {
    check_example(shape_, example, options_.norm);
  }

  void begin(std::int64_t slot, const Example& example) override {
    epsilon_[slot] = example.epsilon;
    Tensor& image = at(slot).image = Tensor::host(example.image.shape());
    std::copy_n(example.image.data(), example.image.count(), image.data());
  }

  /// What is evaluated next, in y.
  void propose() {
    for (std::int64_t i = 0; i < slots(); ++i) {
      const Slot& s = at(i);
      ops::SquareMove& move = moves_[i] = {};
      if (!s.in_work || s.phase != Phase::proposal) continue;
      const std::int32_t side = square_side(
          options_.norm, square_fraction(static_cast<double>(options_.p_init), s.proposals),
          shape_.h, shape_.w);
      move = square_move(context_, draw(s, 1 + s.proposals), side, bumps_.offset(side), shape_.h,
                         shape_.w);
    }
    ops::square_step(context_, options_.norm, x_, x0_, epsilon_.upload(context_),
                     moves_.upload(context_), table_, y_);
    for (std::int64_t i = 0; i < slots(); ++i) {
      const Slot& s = at(i);
      if (!s.in_work) continue;
      if (s.phase == Phase::clean) put(s.image, i, y_);
      if (s.phase == Phase::start) {
        put(square_start(context_, draw(s, 0), options_.norm, s.image, s.epsilon), i, y_);
      }
    }
  }

  Draw draw(const Slot& s, int number) const {
    const std::int64_t before = s.run * (std::int64_t{options_.queries} + 1);
    return {s.outcome.index, kDraws + static_cast<std::uint32_t>(before + number)};
  }

  /// The margins and predictions at y.
  void look() {
    Tensor logits = ask(context_, classifier_, y_);
    if (logits.device() != y_.device()) logits = ops::to_device(context_, logits);
    const std::int64_t classes = logits.shape().c;
    for (const Slot& s : slots_) {
      if (s.in_work) check_classes(s.outcome.index, s.label, s.target, classes);
    }
    if (loss_.d_logits.empty()) loss_ = ops::make_class_loss(context_, slots(), classes);
    ops::class_loss(context_, AttackLoss::margin, logits, label_.upload(context_),
                    target_.upload(context_), loss_);
    margins_.download(context_, loss_.margin);
    predictions_.download(context_, loss_.prediction);
  }

  /// The larger the margin, the better; above 0 the image is fooled.
  void judge(Slot& s, float margin, std::int64_t prediction) {
    ++s.outcome.queries;
    const bool fooled = fools(prediction, s.label, s.target);
    s.take = s.phase != Phase::proposal || margin > s.best || fooled;
    if (s.take) s.best = margin;
    if (s.phase == Phase::proposal) {
      ++s.outcome.iterations;
      ++s.proposals;
    }
    if (fooled) {
      s.keep = true;
      s.finish(true);
    } else if (s.phase == Phase::clean) {
      s.phase = Phase::start;
    } else if (s.proposals < options_.queries) {
      s.phase = Phase::proposal;
    } else {
      s.keep = s.run == 0 || s.best > s.most;
      if (s.keep) s.most = s.best;
      s.proposals = 0;
      s.phase = Phase::start;
      if (++s.run == options_.restarts) s.finish(false);
    }
  }

  Classifier classifier_;
  Shape shape_;
  SquareOptions options_;
  SquareBumps bumps_;
  Tensor x_, y_;         ///< best points, proposals
  Tensor table_;         ///< of bumps
  ops::ClassLoss loss_;  ///< once the number of classes is known
  PerSlot<float> epsilon_, margins_;
  PerSlot<std::int32_t> predictions_;
  PerSlot<ops::SquareMove> moves_;
};

}  // namespace

std::unique_ptr<Attack> square(const Context& context, Classifier classifier, const Shape& images,
                               const SquareOptions& o) {
  if (o.queries < 1) {
    throw UsageError("--queries " + std::to_string(o.queries) + ": expected at least 1");
  }
  if (o.restarts < 1) {
    throw UsageError("--restarts " + std::to_string(o.restarts) + ": expected at least 1");
  }
  if (!(o.p_init > 0 && o.p_init <= 1)) {
    throw UsageError("the fraction of the first squares is " + std::to_string(o.p_init) +
                     ": expected above 0, at most 1");
  }
  return std::make_unique<Square>(context, std::move(classifier), images, o);
}

}  // namespace phosphene
