#include <string>
#include <utility>
#include <vector>

#include "engine/ops/image_ops.hpp"
#include "engine/ops/mean_softmax.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "engine/ops/transform_ops.hpp"
#include "phosphene/error.hpp"
#include "phosphene/methods/smoothing.hpp"

namespace phosphene {
namespace {

/// The inner batch holds the slots' first copies, then their second ones, and so on: a set of
/// copies is one block, so that images spread and gradients meet in `copies` operations.
class SmoothedVictim final : public Victim {
 public:
  SmoothedVictim(const Context& context, std::unique_ptr<Victim> victim, float sigma,
                 std::int64_t copies)
      : context_(context), victim_(std::move(victim)), copies_(copies), images_(victim_->images()) {
    images_.n /= copies;
    const std::vector<float> sigmas(static_cast<std::size_t>(images_.n * copies), sigma);
    sigma_ = ops::numbers(context, sigmas);
    noisy_ = context.empty(victim_->images());
    draws_.resize(sigmas.size());
    scores_ = context.empty({images_.n * copies, victim_->classes(), 1, 1});
    d_scores_ = context.empty(scores_.shape());
    logits_ = context.empty({images_.n, victim_->classes(), 1, 1});
    gradient_ = context.empty(images_);
  }

  Shape images() const override { return images_; }
  std::int64_t classes() const override { return victim_->classes(); }
  bool random() const override { return true; }

  const Tensor& forward(const Tensor& images, std::span<const Draw> draws) override {
    for (std::int64_t copy = 0; copy < copies_; ++copy) {
      Tensor to = block(noisy_, copy);
      ops::copy(context_, images, to);
      for (std::int64_t i = 0; i < images_.n; ++i) {
        draws_[static_cast<std::size_t>(copy * images_.n + i)] = ops::stage_draw(
            context_, draws[static_cast<std::size_t>(i)], static_cast<std::uint32_t>(copy));
      }
    }
    ops::add_normal_noise(context_, noisy_, draws_, sigma_, noisy_);
    ops::copy(context_, victim_->forward(noisy_, draws_), scores_);
    ops::mean_softmax(context_, scores_, logits_);
    return logits_;
  }

  const Tensor& backward(const Tensor& d_logits) override {
    // The softmaxes must stay for a second gradient at the same images.
    ops::copy(context_, scores_, d_scores_);
    ops::mean_softmax_backward(context_, d_logits, logits_, d_scores_);
    const Tensor& all = victim_->backward(d_scores_);
    ops::copy(context_, block(all, 0), gradient_);
    for (std::int64_t copy = 1; copy < copies_; ++copy) {
      ops::add(context_, block(all, copy), gradient_);
    }
    return gradient_;
  }

 private:
  /// One copy of all slots.
  Tensor block(const Tensor& batch, std::int64_t copy) const {
    // A view is of memory that may be written; only noisy_ is.
    auto* data = const_cast<float*>(batch.data()) + copy * images_.count();
    return Tensor::view(data, batch.device(), images_);
  }

  const Context& context_;
  std::unique_ptr<Victim> victim_;
  std::int64_t copies_;
  Shape images_;
  Tensor sigma_, noisy_, scores_, d_scores_, logits_, gradient_;
  std::vector<Draw> draws_;
};

}  // namespace

std::unique_ptr<Victim> smoothed(const Context& context, std::unique_ptr<Victim> victim,
                                 float sigma, std::int64_t copies) {
  if (!(sigma > 0)) {
    throw UsageError("a smoothed victim with sigma " + std::to_string(sigma) +
                     ", expected a number above 0");
  }
  const std::int64_t batch = victim->images().n;
  if (copies < 1 || batch % copies != 0) {
    throw UsageError("a smoothed victim of " + std::to_string(copies) +
                     " copies of an image in a batch of " + std::to_string(batch) +
                     ", expected a divisor of it");
  }
  return std::make_unique<SmoothedVictim>(context, std::move(victim), sigma, copies);
}

}  // namespace phosphene
