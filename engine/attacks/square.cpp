#include "phosphene/attacks/square.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/attacks/per_slot.hpp"
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
enum class Phase : std::uint8_t { empty, clean, start, proposal, finished };

struct Slot {
  Phase phase = Phase::empty;
  std::int64_t index = 0, label = 0, target = -1;
  float epsilon = 0;
  Tensor image;       ///< clean, on the host
  int run = 0;        ///< restarts taken
  int proposals = 0;  ///< of this run
  float best = 0;     ///< the margin of the best point of this run
  float most = 0;     ///< of all runs that ended
  bool take = false, keep = false;
  Outcome outcome;
};

/// Above 0 the image is fooled, and the prediction: the first of the largest, -1 with a NaN.
struct Margin {
  float value;
  std::int64_t prediction;
};

Margin margin_of(const float* z, std::int64_t classes, std::int64_t label, std::int64_t target) {
  const std::int64_t own = target >= 0 ? target : label;
  std::int64_t first = 0, other = own == 0 ? 1 : 0;
  for (std::int64_t j = 0; j < classes; ++j) {
    if (z[j] != z[j]) return {z[j], -1};
    if (z[j] > z[first]) first = j;
    if (j != own && z[j] > z[other]) other = j;
  }
  return {target >= 0 ? z[own] - z[other] : z[other] - z[own], first};
}

class Square : public Attack {
 public:
  Square(const Context& context, Classifier classifier, const Shape& images,
         const SquareOptions& options)
      : context_(context),
        classifier_(std::move(classifier)),
        shape_(images),
        options_(options),
        bumps_(options.norm, static_cast<double>(options.p_init), options.queries, images.h,
               images.w),
        slots_(static_cast<std::size_t>(images.n)),
        choice_(context, images.n, DType::f32),
        epsilon_(context, images.n, DType::f32),
        moves_(context, images.n, DType::i32) {
    for (Tensor* t : {&x0_, &x_, &y_, &kept_}) *t = context.zeros(images);
    const auto count = static_cast<std::int64_t>(bumps_.table().size());
    Tensor table = Tensor::host({1, count, 1, 1});
    std::copy_n(bumps_.table().data(), count, table.data());
    table_ = ops::to_device(context, table);
    moves_.fill({});
    epsilon_.fill(0);
  }

  std::int64_t slots() const override { return shape_.n; }

  void start(std::int64_t slot, const Example& example) override {
    check_example(shape_, example, options_.norm);
    Slot& s = at(slot);
    s = {};
    s.phase = Phase::clean;
    s.index = s.outcome.index = example.index;
    s.label = example.label;
    s.target = example.target;
    s.epsilon = epsilon_[slot] = example.epsilon;
    s.image = Tensor::host(example.image.shape());
    std::copy_n(example.image.data(), example.image.count(), s.image.data());
    for (Tensor* t : {&x0_, &x_, &kept_}) put(s.image, slot, *t);
  }

  void step() override {
    propose();
    const Tensor logits = ops::to_host(context_, classifier_(y_));
    const std::int64_t classes = logits.shape().c;
    for (std::int64_t i = 0; i < slots(); ++i) {
      Slot& s = at(i);
      s.take = s.keep = false;
      if (s.phase == Phase::empty || s.phase == Phase::finished) continue;
      check_classes(s, classes);
      ++s.outcome.queries;
      judge(s, margin_of(logits.data() + i * classes, classes, s.label, s.target));
    }
    if (choose([](const Slot& s) { return s.take; })) {
      ops::select(context_, choice_.device(), y_, x_);
    }
    if (choose([](const Slot& s) { return s.keep; })) {
      ops::select(context_, choice_.device(), x_, kept_);
    }
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

  void put(const Tensor& host, std::int64_t slot, Tensor& batch) {
    Tensor view = ops::slot(batch, slot);
    ops::copy(context_, host, view);
  }

  template <class F>
  bool choose(F f) {
    return phosphene::choose(context_, slots_, f, choice_);
  }

  static void check_classes(const Slot& s, std::int64_t classes) {
    for (const std::int64_t c : {s.label, std::max<std::int64_t>(s.target, 0)}) {
      if (c >= 0 && c < classes && classes > 1) continue;
      throw UsageError("image " + std::to_string(s.index) + ": class " + std::to_string(c) +
                       ", the classifier has " + std::to_string(classes));
    }
  }

  /// What is evaluated next, in y.
  void propose() {
    for (std::int64_t i = 0; i < slots(); ++i) {
      const Slot& s = at(i);
      ops::SquareMove& move = moves_[i] = {};
      if (s.phase != Phase::proposal) continue;
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
      if (s.phase == Phase::clean) put(s.image, i, y_);
      if (s.phase == Phase::start) {
        put(square_start(context_, draw(s, 0), options_.norm, s.image, s.epsilon), i, y_);
      }
    }
  }

  Draw draw(const Slot& s, int number) const {
    return {s.index, kDraws + static_cast<std::uint32_t>(s.run * (options_.queries + 1) + number)};
  }

  void judge(Slot& s, const Margin& margin) {
    const bool fooled = fools(margin.prediction, s.label, s.target);
    s.take = s.phase != Phase::proposal || margin.value > s.best || fooled;
    if (s.take) s.best = margin.value;
    if (s.phase == Phase::proposal) {
      ++s.outcome.iterations;
      ++s.proposals;
    }
    if (fooled) {
      s.keep = s.outcome.success = true;
      s.phase = Phase::finished;
    } else if (s.phase == Phase::clean) {
      s.phase = Phase::start;
    } else if (s.proposals < options_.queries) {
      s.phase = Phase::proposal;
    } else {
      s.keep = s.run == 0 || s.best > s.most;
      if (s.keep) s.most = s.best;
      s.proposals = 0;
      s.phase = ++s.run < options_.restarts ? Phase::start : Phase::finished;
    }
  }

  const Context& context_;
  Classifier classifier_;
  Shape shape_;
  SquareOptions options_;
  SquareBumps bumps_;
  std::vector<Slot> slots_;
  Tensor x0_, x_, y_, kept_;  ///< clean images, best points, proposals, outcomes
  Tensor table_;              ///< of bumps
  PerSlot<float> choice_, epsilon_;
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
