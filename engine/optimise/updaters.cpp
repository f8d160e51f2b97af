#include "engine/ops/dispatch.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "kernels/adam.hpp"
#include "kernels/lbfgs.hpp"
#include "phosphene/optimise.hpp"

namespace phosphene {
namespace {

class GradientDescent final : public Updater {
 public:
  GradientDescent(const Context& context, float rate) : context_(context), rate_(rate) {}
  void step(Tensor& image, const Tensor& d_image) override {
    ops::axpy(context_, -rate_, d_image, image);
  }

 private:
  const Context& context_;
  float rate_;
};

class Adam final : public Updater {
 public:
  Adam(const Context& context, const Shape& image, float rate)
      : context_(context),
        params_{.rate = rate},
        first_(context.zeros(image)),
        second_(context.zeros(image)) {}
  void step(Tensor& image, const Tensor& d_image) override {
    PHOSPHENE_CALL(context_, adam, image.data(), d_image.data(), first_.data(), second_.data(),
                   count_.data<std::int32_t>(), image.count(), params_);
  }

 private:
  const Context& context_;
  kernels::AdamParams params_;
  Tensor first_, second_;
  Tensor count_ = context_.zeros({});
};

class Lbfgs final : public Updater {
 public:
  Lbfgs(const Context& context, const Shape& image, int history, float rate)
      : context_(context),
        capacity_(history),
        rate_(rate),
        pairs_(context.empty({2 * capacity_, image.c, image.h, image.w})),
        previous_(context.empty(image)),
        direction_(context.empty(image)),
        state_(context.zeros({1, 1, 1, kernels::lbfgs_state(capacity_)}, DType::f64)),
        scratch_(context.empty({1, 1, 1, kernels::lbfgs_scratch(capacity_)}, DType::f64)) {}
  void step(Tensor& image, const Tensor& d_image) override {
    const kernels::LbfgsBuffers buffers{pairs_.data(), previous_.data(), direction_.data(),
                                        state_.data<double>(), scratch_.data<double>()};
    PHOSPHENE_CALL(context_, lbfgs, image.data(), d_image.data(), buffers, capacity_, image.count(),
                   rate_);
  }

 private:
  const Context& context_;
  std::int64_t capacity_;
  float rate_;
  Tensor pairs_, previous_, direction_, state_, scratch_;
};

}  // namespace

std::unique_ptr<Updater> gradient_descent(const Context& context, float rate) {
  return std::make_unique<GradientDescent>(context, rate);
}

std::unique_ptr<Updater> adam(const Context& context, const Shape& image, float rate) {
  return std::make_unique<Adam>(context, image, rate);
}

std::unique_ptr<Updater> lbfgs(const Context& context, const Shape& image, int history,
                               float rate) {
  return std::make_unique<Lbfgs>(context, image, history, rate);
}

}  // namespace phosphene
