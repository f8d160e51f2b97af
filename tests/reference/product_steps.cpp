// Sums of products: convolution, with what may be fused into it, and the linear layer. The way
// back is the adjoint of the same loops: where y += w x going forward, d_x += w d_y.
#include <cmath>
#include <vector>

#include "tests/reference/reference_step.hpp"

namespace phosphene::reference {
namespace {

template <class T>
class ConvStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;

  Step::Needs needs() const override { return {.output = this->spec().relu}; }

  void forward() override {
    const auto y = this->y();
    y.fill(0);
    if (conv().bias) {
      const HostArray& bias = this->array(this->spec().weights, "bias");
      for_each(y.shape, [&](auto n, auto k, auto h, auto w) { y(n, k, h, w) = bias.values[k]; });
    }
    const auto x = this->x();
    for_each_product([&](auto n, auto k, auto h, auto w, auto c, auto i, auto j, T weight) {
      y(n, k, h, w) += weight * x(n, c, i, j);
    });
    if (!this->spec().folded_norm.empty()) normalise(y);
    if (this->spec().residual) {
      const auto r = this->x(1);
      for_each(y.shape, [&](auto n, auto k, auto h, auto w) { y(n, k, h, w) += r(n, k, h, w); });
    }
    if (this->spec().relu) {
      for_each(y.shape, [&](auto n, auto k, auto h, auto w) {
        if (y(n, k, h, w) < 0) y(n, k, h, w) = 0;
      });
    }
  }

  void backward(ReluRule rule) override {
    const auto d_y = this->d_y();
    if (this->spec().relu) {
      const auto y = this->y();
      for_each(d_y.shape, [&](auto n, auto k, auto h, auto w) {
        d_y(n, k, h, w) = relu_gradient(y(n, k, h, w), d_y(n, k, h, w), rule);
      });
    }
    if (this->wants(1)) {
      const auto d_r = this->d_x(1);
      for_each(d_y.shape,
               [&](auto n, auto k, auto h, auto w) { d_r(n, k, h, w) = d_y(n, k, h, w); });
    }
    if (!this->wants(0)) return;
    const std::vector<T> slope = norm_slope();
    const auto d_x = this->d_x();
    d_x.fill(0);
    for_each_product([&](auto n, auto k, auto h, auto w, auto c, auto i, auto j, T weight) {
      d_x(n, c, i, j) += weight * slope[k] * d_y(n, k, h, w);
    });
  }

 private:
  const op::Conv& conv() const { return this->template op<op::Conv>(); }

  /// Calls visit(n, k, h, w, c, i, j, weight) for every product of y(n, k, h, w)'s sum, x(n, c, i,
  /// j) being its other factor.
  template <class Visit>
  void for_each_product(Visit visit) {
    const HostArray& weight = this->array(this->spec().weights, "weight");
    const Window& window = conv().window;
    const auto x = this->x();
    const Shape& out = this->spec().output;
    const std::int64_t out_per_group = out.c / conv().groups;
    const std::int64_t in_per_group = x.shape.c / conv().groups;
    for_each(out, [&](auto n, auto k, auto h, auto w) {
      const std::int64_t first = k / out_per_group * in_per_group;
      for (std::int64_t c = 0; c < in_per_group; ++c) {
        for (std::int64_t r = 0; r < window.kernel.h; ++r) {
          for (std::int64_t s = 0; s < window.kernel.w; ++s) {
            const std::int64_t i = h * window.stride.h - window.pad.top + r * window.dilation.h;
            const std::int64_t j = w * window.stride.w - window.pad.left + s * window.dilation.w;
            if (!x.inside(i, j)) continue;
            const std::int64_t at =
                ((k * in_per_group + c) * window.kernel.h + r) * window.kernel.w + s;
            visit(n, k, h, w, first + c, i, j, static_cast<T>(weight.values[at]));
          }
        }
      }
    });
  }

  /// d(normalised) / d(convolution), per channel; ones without a folded BatchNorm.
  std::vector<T> norm_slope() const {
    std::vector<T> slope(this->spec().output.c, T{1});
    if (this->spec().folded_norm.empty()) return slope;
    const HostArray& gain = this->array(this->spec().folded_norm, "weight");
    const HostArray& var = this->array(this->spec().folded_norm, "running_var");
    for (std::size_t k = 0; k < slope.size(); ++k) {
      slope[k] = gain.values[k] /
                 std::sqrt(static_cast<T>(var.values[k]) + static_cast<T>(this->spec().folded_eps));
    }
    return slope;
  }

  void normalise(const Maps<T>& y) const {
    const std::vector<T> slope = norm_slope();
    const HostArray& mean = this->array(this->spec().folded_norm, "running_mean");
    const HostArray& shift = this->array(this->spec().folded_norm, "bias");
    for_each(y.shape, [&](auto n, auto k, auto h, auto w) {
      y(n, k, h, w) = (y(n, k, h, w) - mean.values[k]) * slope[k] + shift.values[k];
    });
  }
};

template <class T>
class LinearStep final : public ReferenceStep<T> {
 public:
  using ReferenceStep<T>::ReferenceStep;

  void forward() override {
    const auto x = this->x();
    const auto y = this->y();
    const HostArray& weight = this->array(this->spec().weights, "weight");
    for (std::int64_t n = 0; n < y.shape.n; ++n) {
      for (std::int64_t k = 0; k < y.shape.c; ++k) {
        T sum = 0;
        if (linear().bias) sum = this->array(this->spec().weights, "bias").values[k];
        for (std::int64_t c = 0; c < x.shape.c; ++c) {
          sum += static_cast<T>(weight.values[k * x.shape.c + c]) * x(n, c, 0, 0);
        }
        y(n, k, 0, 0) = sum;
      }
    }
  }

  void backward(ReluRule) override {
    if (!this->wants()) return;
    const auto d_x = this->d_x();
    const auto d_y = this->d_y();
    const HostArray& weight = this->array(this->spec().weights, "weight");
    d_x.fill(0);
    for (std::int64_t n = 0; n < d_y.shape.n; ++n) {
      for (std::int64_t k = 0; k < d_y.shape.c; ++k) {
        for (std::int64_t c = 0; c < d_x.shape.c; ++c) {
          d_x(n, c, 0, 0) += static_cast<T>(weight.values[k * d_x.shape.c + c]) * d_y(n, k, 0, 0);
        }
      }
    }
  }

 private:
  const op::Linear& linear() const { return this->template op<op::Linear>(); }
};

}  // namespace

template <class T>
std::unique_ptr<Step> make_product_step(const StepSpec& spec) {
  if (std::holds_alternative<op::Conv>(spec.op)) return std::make_unique<ConvStep<T>>(spec);
  if (std::holds_alternative<op::Linear>(spec.op)) return std::make_unique<LinearStep<T>>(spec);
  return nullptr;
}
template std::unique_ptr<Step> make_product_step<float>(const StepSpec&);
template std::unique_ptr<Step> make_product_step<double>(const StepSpec&);

}  // namespace phosphene::reference
