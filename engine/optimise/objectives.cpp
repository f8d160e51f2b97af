#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"
#include "phosphene/optimise.hpp"

namespace phosphene {
namespace {

class FeatureMatch final : public Objective {
 public:
  FeatureMatch(const Context& context, std::string tap, Tensor target, float scale)
      : context_(context), tap_(std::move(tap)), target_(std::move(target)), scale_(scale) {}

  const std::string& tap() const override { return tap_; }
  const Tensor& loss() const override { return loss_; }
  void seed(const Tensor& tap, Tensor& d_tap) override {
    ops::fill(context_, loss_, 0);
    ops::match(context_, tap, target_, scale_, d_tap, scratch_, loss_);
  }

 private:
  const Context& context_;
  std::string tap_;
  Tensor target_;
  float scale_;
  Tensor scratch_ = ops::loss_scratch(context_);
  Tensor loss_ = context_.zeros({});
};

class GramMatch final : public Objective {
 public:
  GramMatch(const Context& context, const Shape& features, std::string tap,
            std::vector<GramTarget> targets, float gram_scale)
      : context_(context),
        tap_(std::move(tap)),
        targets_(std::move(targets)),
        gram_scale_(gram_scale),
        gram_scratch_(ops::gram_scratch(context, features)),
        gram_(context.empty({1, 1, features.c, features.c})),
        d_gram_(context.empty({1, 1, features.c, features.c})) {
    for (const GramTarget& target : targets_) {
      if (target.gram.shape() != gram_.shape()) {
        throw UsageError("Gram target for '" + tap_ + "' has shape " +
                         to_string(target.gram.shape()) + ", expected " + to_string(gram_.shape()));
      }
    }
  }

  const std::string& tap() const override { return tap_; }
  const Tensor& loss() const override { return loss_; }
  /// dL/dF = 2 gram_scale F dL/dG, since dL/dG is symmetric.
  void seed(const Tensor& tap, Tensor& d_tap) override {
    ops::gram(context_, tap, gram_scale_, gram_scratch_, gram_);  // c x c
    ops::fill(context_, d_gram_, 0);
    ops::fill(context_, loss_, 0);
    for (const GramTarget& target : targets_) {
      ops::match(context_, gram_, target.gram, target.scale, d_gram_, scratch_, loss_);
    }
    ops::gram_backward(context_, tap, d_gram_, 2 * gram_scale_, d_tap);
  }

 private:
  const Context& context_;
  std::string tap_;
  std::vector<GramTarget> targets_;
  float gram_scale_;
  Tensor gram_scratch_, gram_, d_gram_;
  Tensor scratch_ = ops::loss_scratch(context_);
  Tensor loss_ = context_.zeros({});
};

class TotalVariation final : public Regulariser {
 public:
  TotalVariation(const Context& context, float weight, float beta)
      : context_(context), weight_(weight), beta_(beta) {}

  const Tensor& loss() const override { return loss_; }
  void add(const Tensor& image, Tensor& d_image) override {
    ops::fill(context_, loss_, 0);
    ops::total_variation(context_, image, weight_, beta_, d_image, scratch_, loss_);
  }

 private:
  const Context& context_;
  float weight_, beta_;
  Tensor scratch_ = ops::loss_scratch(context_);
  Tensor loss_ = context_.zeros({});
};

}  // namespace

std::unique_ptr<Objective> feature_match(const Context& context, std::string tap, Tensor target,
                                         float scale) {
  return std::make_unique<FeatureMatch>(context, std::move(tap), std::move(target), scale);
}

std::unique_ptr<Objective> gram_match(const Context& context, const Shape& features,
                                      std::string tap, std::vector<GramTarget> targets,
                                      float gram_scale) {
  return std::make_unique<GramMatch>(context, features, std::move(tap), std::move(targets),
                                     gram_scale);
}

std::unique_ptr<Regulariser> total_variation(const Context& context, float weight, float beta) {
  return std::make_unique<TotalVariation>(context, weight, beta);
}

}  // namespace phosphene
