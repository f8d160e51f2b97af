// A number for each slot of an attack, on the host and on the device.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/ops/tensor_ops.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

/// T of one or more words of 4 bytes; on the device [slots, words, 1, 1], of floats or i32.
template <class T>
class PerSlot {
 public:
  PerSlot(const Context& context, std::int64_t slots, DType dtype)
      : values_(static_cast<std::size_t>(slots)),
        device_(context.empty({slots, static_cast<std::int64_t>(sizeof(T) / 4), 1, 1}, dtype)) {}

  T& operator[](std::int64_t slot) { return values_[static_cast<std::size_t>(slot)]; }
  void fill(const T& value) { values_.assign(values_.size(), value); }

  const Tensor& device() const { return device_; }  ///< as it was uploaded
  /// The host's values on the device; waits.
  const Tensor& upload(const Context& context) {
    ops::copy(context,
              Tensor::view(values_.data(), {}, device_.shape(), device_.dtype(), device_.layout()),
              device_);
    return device_;
  }
  /// The device's values of another tensor of this shape on the host; waits.
  void download(const Context& context, const Tensor& from) {
    Tensor host = Tensor::view(values_.data(), {}, from.shape(), from.dtype(), from.layout());
    ops::copy(context, from, host);
  }

 private:
  std::vector<T> values_;
  Tensor device_;
};

/// Which slots f holds for, as ops::select() reads them: uploaded, unless it is none. Says whether
/// it is any.
template <class Slot, class F>
bool choose(const Context& context, const std::vector<Slot>& slots, F f, PerSlot<float>& choice) {
  bool any = false;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const bool chosen = f(slots[i]);
    choice[static_cast<std::int64_t>(i)] = chosen ? 1.0F : 0.0F;
    any = any || chosen;
  }
  if (any) choice.upload(context);
  return any;
}

}  // namespace phosphene
