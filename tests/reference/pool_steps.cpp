// Pooling. Each way back walks the windows of the forward loop and scatters into them.
#include <cmath>
#include <cstdint>

#include "tests/reference/reference_step.hpp"

namespace phosphene::reference {
namespace {

/// Calls visit(i, j) for the places of the window of output (h, w), in row-major order; they may
/// lie in the padding.
template <class Visit>
void for_each_place(const Window& window, std::int64_t h, std::int64_t w, Visit visit) {
  for (std::int64_t r = 0; r < window.kernel.h; ++r) {
    for (std::int64_t s = 0; s < window.kernel.w; ++s) {
      visit(h * window.stride.h - window.pad.top + r * window.dilation.h,
            w * window.stride.w - window.pad.left + s * window.dilation.w);
    }
  }
}

template <class T>
class MaxPoolStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;
  Step::Needs needs() const override { return {.input = true}; }

  void forward() override {
    const auto x = this->x();
    const auto y = this->y();
    for_each(y.shape, [&](auto n, auto c, auto h, auto w) {
      const Place best = winner(n, c, h, w);
      y(n, c, h, w) = x(n, c, best.h, best.w);
    });
  }

  void backward(ReluRule) override {
    if (!this->wants()) return;
    const auto d_x = this->d_x();
    const auto d_y = this->d_y();
    d_x.fill(0);
    for_each(d_y.shape, [&](auto n, auto c, auto h, auto w) {
      const Place best = winner(n, c, h, w);
      d_x(n, c, best.h, best.w) += d_y(n, c, h, w);
    });
  }

 private:
  struct Place {
    std::int64_t h = -1, w = -1;
  };

  /// The first largest element; a NaN is larger than all.
  Place winner(std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) const {
    const auto x = this->x();
    Place best;
    for_each_place(this->template op<op::MaxPool>().window, h, w, [&](auto i, auto j) {
      if (!x.inside(i, j)) return;
      if (best.h < 0 || x(n, c, i, j) > x(n, c, best.h, best.w) ||
          (std::isnan(x(n, c, i, j)) && !std::isnan(x(n, c, best.h, best.w)))) {
        best = {i, j};
      }
    });
    return best;
  }
};

template <class T>
class AvgPoolStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;

  void forward() override {
    const auto x = this->x();
    const auto y = this->y();
    for_each(y.shape, [&](auto n, auto c, auto h, auto w) {
      T sum = 0;
      for_each_place(window(), h, w, [&](auto i, auto j) {
        if (x.inside(i, j)) sum += x(n, c, i, j);
      });
      y(n, c, h, w) = sum / area(h, w);
    });
  }

  void backward(ReluRule) override {
    if (!this->wants()) return;
    const auto d_x = this->d_x();
    const auto d_y = this->d_y();
    d_x.fill(0);
    for_each(d_y.shape, [&](auto n, auto c, auto h, auto w) {
      for_each_place(window(), h, w, [&](auto i, auto j) {
        if (d_x.inside(i, j)) d_x(n, c, i, j) += d_y(n, c, h, w) / area(h, w);
      });
    });
  }

 private:
  const Window& window() const { return this->template op<op::AvgPool>().window; }

  /// How many places of the window lie in the (padded) input.
  T area(std::int64_t h, std::int64_t w) const {
    const Shape& in = this->spec().inputs[0];
    const Padding pad = this->template op<op::AvgPool>().count_pad ? window().pad : Padding::all(0);
    T count = 0;
    for_each_place(window(), h, w, [&](auto i, auto j) {
      if (i >= -pad.top && i < in.h + pad.bottom && j >= -pad.left && j < in.w + pad.right) {
        count += 1;
      }
    });
    return count;
  }
};

template <class T>
class AdaptiveAvgPoolStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;

  void forward() override {
    const auto x = this->x();
    const auto y = this->y();
    for_each(y.shape, [&](auto n, auto c, auto h, auto w) {
      T sum = 0;
      for_each_place_of_bin(h, w, [&](auto i, auto j, T area) { sum += x(n, c, i, j) / area; });
      y(n, c, h, w) = sum;
    });
  }

  void backward(ReluRule) override {
    if (!this->wants()) return;
    const auto d_x = this->d_x();
    const auto d_y = this->d_y();
    d_x.fill(0);
    for_each(d_y.shape, [&](auto n, auto c, auto h, auto w) {
      for_each_place_of_bin(
          h, w, [&](auto i, auto j, T area) { d_x(n, c, i, j) += d_y(n, c, h, w) / area; });
    });
  }

 private:
  template <class Visit>
  void for_each_place_of_bin(std::int64_t h, std::int64_t w, Visit visit) const {
    const Shape& in = this->spec().inputs[0];
    const Shape& out = this->spec().output;
    const auto first = [](auto bin, auto size, auto bins) { return bin * size / bins; };
    const auto last = [](auto bin, auto size, auto bins) {
      return ((bin + 1) * size + bins - 1) / bins;
    };
    const std::int64_t top = first(h, in.h, out.h), bottom = last(h, in.h, out.h);
    const std::int64_t left = first(w, in.w, out.w), right = last(w, in.w, out.w);
    for (std::int64_t i = top; i < bottom; ++i) {
      for (std::int64_t j = left; j < right; ++j) {
        visit(i, j, static_cast<T>((bottom - top) * (right - left)));
      }
    }
  }
};

}  // namespace

template <class T>
std::unique_ptr<Step> make_pool_step(const StepSpec& spec) {
  if (std::holds_alternative<op::MaxPool>(spec.op)) return std::make_unique<MaxPoolStep<T>>(spec);
  if (std::holds_alternative<op::AvgPool>(spec.op)) return std::make_unique<AvgPoolStep<T>>(spec);
  if (std::holds_alternative<op::AdaptiveAvgPool>(spec.op)) {
    return std::make_unique<AdaptiveAvgPoolStep<T>>(spec);
  }
  return nullptr;
}
template std::unique_ptr<Step> make_pool_step<float>(const StepSpec&);
template std::unique_ptr<Step> make_pool_step<double>(const StepSpec&);

}  // namespace phosphene::reference
