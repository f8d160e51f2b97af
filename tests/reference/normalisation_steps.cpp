// The image's normalisation, BatchNorm as a step of its own, and LRN.
#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/reference/reference_step.hpp"

namespace phosphene::reference {
namespace {

/// The one step that reads the image, which is nchw.
template <class T>
class NormaliseStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;

  void forward() override {
    const auto y = this->y();
    for_each(y.shape, [&](auto n, auto c, auto h, auto w) {
      const T pixel = this->x().data[nchw(n, source(c), h, w)];
      y(n, c, h, w) = (normalise().scale * pixel - normalise().mean[c]) / normalise().std[c];
    });
  }

  void backward(ReluRule) override {
    if (!this->wants()) return;
    const auto d_y = this->d_y();
    for_each(d_y.shape, [&](auto n, auto c, auto h, auto w) {
      this->d_x().data[nchw(n, source(c), h, w)] =
          d_y(n, c, h, w) * normalise().scale / normalise().std[c];
    });
  }

 private:
  const op::Normalise& normalise() const { return this->template op<op::Normalise>(); }
  std::int64_t source(std::int64_t c) const {
    return normalise().reverse ? this->spec().output.c - 1 - c : c;
  }
  std::int64_t nchw(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) const {
    const Shape& s = this->spec().inputs[0];
    return ((n * s.c + c) * s.h + h) * s.w + w;
  }
};

template <class T>
class BatchNormStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;

  void forward() override {
    const auto x = this->x();
    const auto y = this->y();
    const auto& gain = values("weight");
    const auto& shift = values("bias");
    const auto& mean = values("running_mean");
    for_each(y.shape, [&](auto n, auto c, auto h, auto w) {
      y(n, c, h, w) = (x(n, c, h, w) - mean[c]) / deviation(c) * gain[c] + shift[c];
    });
  }

  void backward(ReluRule) override {
    if (!this->wants()) return;
    const auto d_x = this->d_x();
    const auto d_y = this->d_y();
    const auto& gain = values("weight");
    for_each(d_y.shape, [&](auto n, auto c, auto h, auto w) {
      d_x(n, c, h, w) = d_y(n, c, h, w) * gain[c] / deviation(c);
    });
  }

 private:
  const std::vector<float>& values(const char* name) const {
    return this->array(this->spec().weights, name).values;
  }
  T deviation(std::int64_t c) const {
    return std::sqrt(static_cast<T>(values("running_var")[c]) +
                     static_cast<T>(this->template op<op::BatchNorm>().eps));
  }
};

template <class T>
class LrnStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;
  Step::Needs needs() const override { return {.input = true}; }

  void forward() override {
    const auto x = this->x();
    const auto y = this->y();
    for_each(y.shape, [&](auto n, auto c, auto h, auto w) {
      y(n, c, h, w) = x(n, c, h, w) * std::pow(base(n, c, h, w), -beta());
    });
  }

  /// Scatters each d y_k / d x_c, for y_k = x_k s_k^-beta and d s_k / d x_c = 2 alpha / size x_c.
  void backward(ReluRule) override {
    if (!this->wants()) return;
    const auto x = this->x();
    const auto d_y = this->d_y();
    const auto d_x = this->d_x();
    d_x.fill(0);
    for_each(d_y.shape, [&](auto n, auto k, auto h, auto w) {
      const T s = base(n, k, h, w);
      d_x(n, k, h, w) += d_y(n, k, h, w) * std::pow(s, -beta());
      for_each_near(k, [&](auto c) {
        d_x(n, c, h, w) += d_y(n, k, h, w) * x(n, k, h, w) * -beta() * std::pow(s, -beta() - 1) *
                           2 * alpha_over_size() * x(n, c, h, w);
      });
    });
  }

 private:
  const op::Lrn& lrn() const { return this->template op<op::Lrn>(); }
  T beta() const { return static_cast<T>(lrn().beta); }
  T alpha_over_size() const { return static_cast<T>(lrn().alpha) / lrn().size; }

  template <class Visit>
  void for_each_near(std::int64_t c, Visit visit) const {
    const std::int64_t reach = lrn().size / 2;
    const std::int64_t last = std::min(c + reach, this->spec().output.c - 1);
    for (std::int64_t near = std::max<std::int64_t>(c - reach, 0); near <= last; ++near) {
      visit(near);
    }
  }

  T base(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) const {
    const auto x = this->x();
    T sum = 0;
    for_each_near(c, [&](auto near) { sum += x(n, near, h, w) * x(n, near, h, w); });
    return static_cast<T>(lrn().k) + alpha_over_size() * sum;
  }
};

}  // namespace

template <class T>
std::unique_ptr<Step> make_normalisation_step(const StepSpec& spec) {
  if (std::holds_alternative<op::Normalise>(spec.op)) {
    return std::make_unique<NormaliseStep<T>>(spec);
  }
  if (std::holds_alternative<op::BatchNorm>(spec.op)) {
    return std::make_unique<BatchNormStep<T>>(spec);
  }
  if (std::holds_alternative<op::Lrn>(spec.op)) return std::make_unique<LrnStep<T>>(spec);
  return nullptr;
}
template std::unique_ptr<Step> make_normalisation_step<float>(const StepSpec&);
template std::unique_ptr<Step> make_normalisation_step<double>(const StepSpec&);

}  // namespace phosphene::reference
