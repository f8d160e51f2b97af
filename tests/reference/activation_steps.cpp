// Element by element, and softmax over the channels of a pixel.
#include <algorithm>
#include <cmath>

#include "tests/reference/reference_step.hpp"

namespace phosphene::reference {
namespace {

template <class T>
class ReluStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;
  Step::Needs needs() const override { return {.output = true}; }

  void forward() override {
    const auto x = this->x();
    for (std::int64_t i = 0; i < x.shape.count(); ++i) {
      this->y().data[i] = x.data[i] < 0 ? T{0} : x.data[i];
    }
  }

  void backward(ReluRule rule) override {
    if (!this->wants()) return;
    const auto d_x = this->d_x();
    for (std::int64_t i = 0; i < d_x.shape.count(); ++i) {
      d_x.data[i] = relu_gradient(this->y().data[i], this->d_y().data[i], rule);
    }
  }
};

template <class T>
class LeakyReluStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;
  Step::Needs needs() const override { return {.input = true}; }

  void forward() override {
    const auto x = this->x();
    for (std::int64_t i = 0; i < x.shape.count(); ++i) {
      this->y().data[i] = slope(x.data[i]) * x.data[i];
    }
  }

  void backward(ReluRule) override {
    if (!this->wants()) return;
    const auto d_x = this->d_x();
    for (std::int64_t i = 0; i < d_x.shape.count(); ++i) {
      d_x.data[i] = slope(this->x().data[i]) * this->d_y().data[i];
    }
  }

 private:
  T slope(T x) const {
    return x > 0 ? T{1} : static_cast<T>(this->template op<op::LeakyRelu>().slope);
  }
};

template <class T>
class EluStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;
  Step::Needs needs() const override { return {.input = true}; }

  void forward() override {
    const auto x = this->x();
    for (std::int64_t i = 0; i < x.shape.count(); ++i) {
      const T v = x.data[i];
      this->y().data[i] = v > 0 ? v : alpha() * (std::exp(v) - 1);
    }
  }

  void backward(ReluRule) override {
    if (!this->wants()) return;
    const auto d_x = this->d_x();
    for (std::int64_t i = 0; i < d_x.shape.count(); ++i) {
      const T v = this->x().data[i];
      d_x.data[i] = this->d_y().data[i] * (v > 0 ? T{1} : alpha() * std::exp(v));
    }
  }

 private:
  T alpha() const { return static_cast<T>(this->template op<op::Elu>().alpha); }
};

template <class T>
class SoftmaxStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;
  Step::Needs needs() const override { return {.output = true}; }

  void forward() override {
    const auto x = this->x();
    const auto y = this->y();
    for_each_pixel([&](auto n, auto h, auto w) {
      T largest = x(n, 0, h, w);
      for (std::int64_t c = 1; c < y.shape.c; ++c) largest = std::max(largest, x(n, c, h, w));
      T sum = 0;
      for (std::int64_t c = 0; c < y.shape.c; ++c) sum += std::exp(x(n, c, h, w) - largest);
      for (std::int64_t c = 0; c < y.shape.c; ++c) {
        y(n, c, h, w) = std::exp(x(n, c, h, w) - largest) / sum;
      }
    });
  }

  /// d y_k / d x_c = y_k ([k = c] - y_c), summed over k as it stands.
  void backward(ReluRule) override {
    if (!this->wants()) return;
    const auto y = this->y();
    const auto d_y = this->d_y();
    const auto d_x = this->d_x();
    for_each_pixel([&](auto n, auto h, auto w) {
      for (std::int64_t c = 0; c < y.shape.c; ++c) {
        T sum = 0;
        for (std::int64_t k = 0; k < y.shape.c; ++k) {
          sum += d_y(n, k, h, w) * y(n, k, h, w) * ((k == c ? 1 : 0) - y(n, c, h, w));
        }
        d_x(n, c, h, w) = sum;
      }
    });
  }

 private:
  template <class Visit>
  void for_each_pixel(Visit visit) const {
    Shape pixels = this->spec().output;
    pixels.c = 1;
    for_each(pixels, [&](auto n, auto, auto h, auto w) { visit(n, h, w); });
  }
};

}  // namespace

template <class T>
std::unique_ptr<Step> make_activation_step(const StepSpec& spec) {
  if (std::holds_alternative<op::Relu>(spec.op)) return std::make_unique<ReluStep<T>>(spec);
  if (std::holds_alternative<op::LeakyRelu>(spec.op)) {
    return std::make_unique<LeakyReluStep<T>>(spec);
  }
  if (std::holds_alternative<op::Elu>(spec.op)) return std::make_unique<EluStep<T>>(spec);
  if (std::holds_alternative<op::Softmax>(spec.op)) return std::make_unique<SoftmaxStep<T>>(spec);
  return nullptr;
}
template std::unique_ptr<Step> make_activation_step<float>(const StepSpec&);
template std::unique_ptr<Step> make_activation_step<double>(const StepSpec&);

}  // namespace phosphene::reference
