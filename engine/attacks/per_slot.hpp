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

  T& operator[](std::int64_t slot) {
    changed_ = true;
    return values_[static_cast<std::size_t>(slot)];
  }
  void fill(const T& value) {
    changed_ = true;
    values_.assign(values_.size(), value);
  }

  const Tensor& device() const { return device_; }  ///< as it was uploaded
  /// The host's values on the device; waits, if they were touched since the last time.
  const Tensor& upload(const Context& context) {
    if (!changed_) return device_;
    changed_ = false;
    ops::copy(context,
              Tensor::view(values_.data(), {}, device_.shape(), device_.dtype(), device_.layout()),
              device_);
    return device_;
  }
  /// The device's values of another tensor of this shape on the host; waits.
  void download(const Context& context, const Tensor& from) {
    changed_ = true;
    Tensor host = Tensor::view(values_.data(), {}, from.shape(), from.dtype(), from.layout());
    ops::copy(context, from, host);
  }

 private:
  bool changed_ = true;
  std::vector<T> values_;
  Tensor device_;
};

}  // namespace phosphene
