#include "engine/attacks/loss_gradient.hpp"

#include <string>

#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {

LossGradient::LossGradient(const Context& context, Victim& victim, AttackLoss loss, int samples)
    : context_(context),
      victim_(victim),
      kind_(loss),
      samples_(victim.random() ? samples : 1),
      loss_(ops::make_class_loss(context, victim.images().n, victim.classes())) {
  if (samples < 1) {
    throw UsageError("--samples " + std::to_string(samples) + ": expected at least 1");
  }
  if (loss == AttackLoss::dlr && victim.classes() < 3) {
    throw UsageError("--loss dlr: needs 3 classes or more (targeted: 4), the network has " +
                     std::to_string(victim.classes()));
  }
  if (samples_ == 1) return;
  one_ = ops::make_class_loss(context, victim.images().n, victim.classes());
  sum_logits_ = context.empty({victim.images().n, victim.classes(), 1, 1});
  sum_gradient_ = context.empty(victim.images());
  sum_loss_ = context.empty({victim.images().n, 1, 1, 1});
}

void LossGradient::check(const Example& example) const {
  if (kind_ != AttackLoss::dlr || example.target < 0 || victim_.classes() > 3) return;
  throw UsageError("--loss dlr: with a target it needs 4 classes or more, the network has " +
                   std::to_string(victim_.classes()));
}

void LossGradient::operator()(const Tensor& x, const Tensor& label, const Tensor& target,
                              std::span<const Draw> draws, bool gradient) {
  if (samples_ == 1) {
    logits_ = &victim_.forward(x, draws);
    ops::class_loss(context_, kind_, *logits_, label, target, loss_);
    if (gradient) backward();
    return;
  }
  const auto share = 1.0F / static_cast<float>(samples_);
  std::vector<Draw> shifted(draws.begin(), draws.end());
  for (Tensor* sum : {&sum_logits_, &sum_loss_, &sum_gradient_}) ops::fill(context_, *sum, 0);
  for (int s = 0; s < samples_; ++s) {
    const Tensor& logits = victim_.forward(x, shifted);
    ops::axpy(context_, share, logits, sum_logits_);
    ops::class_loss(context_, kind_, logits, label, target, one_);
    ops::axpy(context_, share, one_.loss, sum_loss_);
    if (gradient) ops::axpy(context_, share, victim_.backward(one_.d_logits), sum_gradient_);
    for (Draw& draw : shifted) ++draw.sample;
  }
  logits_ = &sum_logits_;
  gradient_ = &sum_gradient_;
  ops::class_loss(context_, kind_, sum_logits_, label, target, loss_);
  ops::copy(context_, sum_loss_, loss_.loss);
}

void LossGradient::backward() { gradient_ = &victim_.backward(loss_.d_logits); }

}  // namespace phosphene
