// Steps that move or join values: reflection padding, add, concat, padding of channels, flatten.
#include "tests/reference/reference_step.hpp"

namespace phosphene::reference {
namespace {

template <class T>
class ReflectPadStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;

  void forward() override {
    const auto x = this->x();
    const auto y = this->y();
    for_each(y.shape,
             [&](auto n, auto c, auto h, auto w) { y(n, c, h, w) = x(n, c, row(h), column(w)); });
  }

  void backward(ReluRule) override {
    if (!this->wants()) return;
    const auto d_x = this->d_x();
    const auto d_y = this->d_y();
    d_x.fill(0);
    for_each(d_y.shape, [&](auto n, auto c, auto h, auto w) {
      d_x(n, c, row(h), column(w)) += d_y(n, c, h, w);
    });
  }

 private:
  const Padding& pad() const { return this->template op<op::ReflectPad>().pad; }
  static std::int64_t mirror(std::int64_t i, std::int64_t size) {
    if (i < 0) return -i;
    if (i >= size) return 2 * (size - 1) - i;
    return i;
  }
  std::int64_t row(std::int64_t h) const { return mirror(h - pad().top, this->spec().inputs[0].h); }
  std::int64_t column(std::int64_t w) const {
    return mirror(w - pad().left, this->spec().inputs[0].w);
  }
};

template <class T>
class AddStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;

  void forward() override {
    const auto y = this->y();
    for (std::int64_t i = 0; i < y.shape.count(); ++i) {
      y.data[i] = this->x(0).data[i] + this->x(1).data[i];
    }
  }

  void backward(ReluRule) override {
    for (std::size_t input = 0; input < 2; ++input) {
      if (!this->wants(input)) continue;
      const auto d_x = this->d_x(input);
      for (std::int64_t i = 0; i < d_x.shape.count(); ++i) d_x.data[i] = this->d_y().data[i];
    }
  }
};

template <class T>
class ConcatStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;

  void forward() override {
    const auto y = this->y();
    for_each_input([&](auto input, auto first) {
      const auto x = this->x(input);
      for_each(x.shape,
               [&](auto n, auto c, auto h, auto w) { y(n, first + c, h, w) = x(n, c, h, w); });
    });
  }

  void backward(ReluRule) override {
    const auto d_y = this->d_y();
    for_each_input([&](auto input, auto first) {
      if (!this->wants(input)) return;
      const auto d_x = this->d_x(input);
      for_each(d_x.shape,
               [&](auto n, auto c, auto h, auto w) { d_x(n, c, h, w) = d_y(n, first + c, h, w); });
    });
  }

 private:
  template <class Visit>
  void for_each_input(Visit visit) const {
    std::int64_t first = 0;
    for (std::size_t input = 0; input < this->spec().inputs.size(); ++input) {
      visit(input, first);
      first += this->spec().inputs[input].c;
    }
  }
};

template <class T>
class PadChannelsStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;

  void forward() override {
    const auto x = this->x();
    const auto y = this->y();
    y.fill(0);
    for_each(x.shape,
             [&](auto n, auto c, auto h, auto w) { y(n, at() + c, h, w) = x(n, c, h, w); });
  }

  void backward(ReluRule) override {
    if (!this->wants()) return;
    const auto d_x = this->d_x();
    const auto d_y = this->d_y();
    for_each(d_x.shape,
             [&](auto n, auto c, auto h, auto w) { d_x(n, c, h, w) = d_y(n, at() + c, h, w); });
  }

 private:
  std::int64_t at() const { return this->template op<op::PadChannels>().before; }
};

/// Features in nchw order, although the maps are nhwc.
template <class T>
class FlattenStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;

  void forward() override {
    const auto x = this->x();
    for_each(x.shape, [&](auto n, auto c, auto h, auto w) {
      this->y()(n, feature(c, h, w), 0, 0) = x(n, c, h, w);
    });
  }

  void backward(ReluRule) override {
    if (!this->wants()) return;
    const auto d_x = this->d_x();
    for_each(d_x.shape, [&](auto n, auto c, auto h, auto w) {
      d_x(n, c, h, w) = this->d_y()(n, feature(c, h, w), 0, 0);
    });
  }

 private:
  std::int64_t feature(std::int64_t c, std::int64_t h, std::int64_t w) const {
    const Shape& in = this->spec().inputs[0];
    return (c * in.h + h) * in.w + w;
  }
};

}  // namespace

template <class T>
std::unique_ptr<Step> make_shape_step(const StepSpec& spec) {
  if (std::holds_alternative<op::ReflectPad>(spec.op)) {
    return std::make_unique<ReflectPadStep<T>>(spec);
  }
  if (std::holds_alternative<op::Add>(spec.op)) return std::make_unique<AddStep<T>>(spec);
  if (std::holds_alternative<op::Concat>(spec.op)) return std::make_unique<ConcatStep<T>>(spec);
  if (std::holds_alternative<op::PadChannels>(spec.op)) {
    return std::make_unique<PadChannelsStep<T>>(spec);
  }
  if (std::holds_alternative<op::Flatten>(spec.op)) return std::make_unique<FlattenStep<T>>(spec);
  return nullptr;
}
template std::unique_ptr<Step> make_shape_step<float>(const StepSpec&);
template std::unique_ptr<Step> make_shape_step<double>(const StepSpec&);

}  // namespace phosphene::reference
