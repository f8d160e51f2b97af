// What attacks in slots share: which image is in which slot, its clean pixels, how it leaves.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/attacks/per_slot.hpp"
#include "engine/ops/image_ops.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

/// What every attack knows of the image in a slot; its own slots derive from this.
struct SlotState {
  bool in_work = false, finished = false;  ///< neither: the slot is empty
  std::int64_t label = 0, target = -1;
  float epsilon = 0;
  Outcome outcome;  ///< all but the image, which is the slot's of kept_

  void finish(bool success) {
    outcome.success = success;
    in_work = false;
    finished = true;
  }
};

/// A loss or margin that is compared with others: a NaN is less than any.
inline float or_least(float value) { return std::isnan(value) ? -INFINITY : value; }

template <class Slot>
class SlotAttack : public Attack {
 public:
  std::int64_t slots() const final { return std::ssize(slots_); }

  void start(std::int64_t slot, const Example& example) final {
    check(example);
    Slot& s = at(slot);
    s = {};
    s.in_work = true;
    s.label = example.label;
    s.target = example.target;
    s.epsilon = example.epsilon;
    s.outcome.index = example.index;
    s.outcome.tag = example.tag;
    label_[slot] = static_cast<std::int32_t>(example.label);
    target_[slot] = static_cast<std::int32_t>(example.target);
    for (Tensor* t : {&x0_, &kept_}) put(example.image, slot, *t);
    begin(slot, example);
  }

  bool finished(std::int64_t slot) const final { return at(slot).finished; }

  Outcome take(std::int64_t slot) final {
    Slot& s = at(slot);
    Outcome outcome = std::move(s.outcome);
    outcome.image = ops::to_host(context_, ops::slot(kept_, slot));
    s = {};
    label_[slot] = 0;  // what an empty slot holds is evaluated with the others
    target_[slot] = -1;
    return outcome;
  }

 protected:
  SlotAttack(const Context& context, const Shape& images)
      : context_(context),
        slots_(static_cast<std::size_t>(images.n)),
        x0_(context.zeros(images)),
        kept_(context.zeros(images)),
        label_(context, images.n, DType::i32),
        target_(context, images.n, DType::i32),
        choice_(context, images.n, DType::f32),
        draws_(slots_.size()) {
    target_.fill(-1);
  }

  /// Throws UsageError where the attack cannot take the example.
  virtual void check(const Example& example) const = 0;
  /// The slot holds the example; what the attack has besides is set here.
  virtual void begin(std::int64_t /*slot*/, const Example& /*example*/) {}

  Slot& at(std::int64_t slot) { return slots_[static_cast<std::size_t>(slot)]; }
  const Slot& at(std::int64_t slot) const { return slots_[static_cast<std::size_t>(slot)]; }

  /// A host image as that of a slot.
  void put(const Tensor& image, std::int64_t slot, Tensor& batch) const {
    Tensor view = ops::slot(batch, slot);
    ops::copy(context_, image, view);
  }

  /// Which slots f holds for, as ops::select() reads them: uploaded to choice_, unless it is none.
  template <class F>
  bool choose(F f) {
    bool any = false;
    for (std::int64_t i = 0; i < slots(); ++i) {
      const bool chosen = f(at(i));
      choice_[i] = chosen ? 1.0F : 0.0F;
      any = any || chosen;
    }
    if (any) choice_.upload(context_);
    return any;
  }

  /// Of each slot's image the draw that f says.
  template <class F>
  const std::vector<Draw>& draws(F f) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      draws_[i] = {slots_[i].outcome.index, static_cast<std::uint32_t>(f(slots_[i]))};
    }
    return draws_;
  }

  const Context& context_;
  std::vector<Slot> slots_;
  Tensor x0_;    ///< clean images
  Tensor kept_;  ///< outcomes; the clean image at first
  PerSlot<std::int32_t> label_, target_;
  PerSlot<float> choice_;

 private:
  std::vector<Draw> draws_;
};

}  // namespace phosphene
