#pragma once
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "engine/session/lowering.hpp"

namespace phosphene::reference {

/// A batch of nhwc feature maps, addressed as the formulas are written.
template <class T>
struct Maps {
  T* data;
  Shape shape;

  T& operator()(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) const {
    return data[((n * shape.h + h) * shape.w + w) * shape.c + c];
  }
  bool inside(std::int64_t h, std::int64_t w) const {
    return h >= 0 && h < shape.h && w >= 0 && w < shape.w;
  }
  void fill(T value) const {
    for (std::int64_t i = 0; i < shape.count(); ++i) data[i] = value;
  }
};

/// Calls visit(n, c, h, w) for every element of `shape`.
template <class Visit>
void for_each(const Shape& shape, Visit visit) {
  for (std::int64_t n = 0; n < shape.n; ++n) {
    for (std::int64_t c = 0; c < shape.c; ++c) {
      for (std::int64_t h = 0; h < shape.h; ++h) {
        for (std::int64_t w = 0; w < shape.w; ++w) visit(n, c, h, w);
      }
    }
  }
}

/// A step keeps nothing of its own between forward and backward: what backward needs it works out
/// again from x and y, so that the two can only disagree where a formula is wrong.
template <class T>
class ReferenceStep : public Step {
 public:
  explicit ReferenceStep(StepSpec spec) : spec_(std::move(spec)) {}
  void bind(const StepBuffers& buffers) override { buffers_ = buffers; }
  Needs needs() const override { return {}; }

 protected:
  template <class O>
  const O& op() const {
    return std::get<O>(spec_.op);
  }
  const StepSpec& spec() const { return spec_; }
  Maps<const T> x(std::size_t i = 0) const {
    return {static_cast<const T*>(buffers_.x[i]), spec_.inputs[i]};
  }
  Maps<T> y() const { return {static_cast<T*>(buffers_.y), spec_.output}; }
  Maps<T> d_y() const { return {static_cast<T*>(buffers_.d_y), spec_.output}; }
  Maps<T> d_x(std::size_t i = 0) const {
    return {static_cast<T*>(buffers_.d_x[i]), spec_.inputs[i]};
  }
  bool wants(std::size_t i = 0) const {
    return i < buffers_.d_x.size() && buffers_.d_x[i] != nullptr;
  }
  const HostArray& array(const std::string& prefix, const char* name) const {
    return spec_.network->weights().at(prefix + "." + name);
  }

 private:
  StepSpec spec_;
  StepBuffers buffers_;
};

/// The value that a ReLU hands on, given its output and the gradient that reached it.
template <class T>
T relu_gradient(T y, T d_y, ReluRule rule) {
  const bool was_on = y > 0;
  const bool rises = d_y > 0;
  switch (rule) {
    case ReluRule::standard:
      return was_on ? d_y : T{0};
    case ReluRule::deconvnet:
      return rises ? d_y : T{0};
    case ReluRule::guided:
      return was_on && rises ? d_y : T{0};
  }
  return T{0};
}

// One family a file; each returns null where the op is of another family.
template <class T>
std::unique_ptr<Step> make_product_step(const StepSpec& spec);  // Conv, Linear
template <class T>
std::unique_ptr<Step> make_pool_step(const StepSpec& spec);
template <class T>
std::unique_ptr<Step> make_activation_step(const StepSpec& spec);
template <class T>
std::unique_ptr<Step> make_normalisation_step(const StepSpec& spec);
template <class T>
std::unique_ptr<Step> make_shape_step(const StepSpec& spec);  // pads, joins, reorders

}  // namespace phosphene::reference
