// The loss of each image, its gradient and its prediction: what every white-box attack asks for.
#pragma once
#include <span>
#include <vector>

#include "engine/ops/image_ops.hpp"
#include "phosphene/attacks/loss.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"

namespace phosphene {

class LossGradient {
 public:
  /// Of a random victim `samples` draws are averaged (expectation over transformation): losses,
  /// gradients and logits alike; predictions and margins are those of the mean logits. Any other
  /// victim is asked once. Throws UsageError where the loss needs more classes than there are.
  LossGradient(const Context& context, Victim& victim, AttackLoss loss, int samples = 1);

  /// At images x, [batch, 3, h, w] on the device. `label` and `target` are i32 [batch, 1, 1, 1]; a
  /// target below 0 is none. The loss is what the attack makes larger. The slot's draws are
  /// sample .. sample + samples() - 1.
  void operator()(const Tensor& x, const Tensor& label, const Tensor& target,
                  std::span<const Draw> draws, bool gradient = true);
  /// After a call without gradient, the gradient there; if samples() is 1 alone, since the victim
  /// knows of its last draw only.
  void backward();
  /// Throws UsageError where the loss cannot be had of this example: a targeted dlr takes 4
  /// classes.
  void check(const Example& example) const;
  /// Draws a call: those that were asked for of a random victim, else 1.
  int samples() const { return samples_; }

  // All lie on the device until the next call.
  const Tensor& logits() const { return *logits_; }      ///< [batch, classes, 1, 1]
  const Tensor& losses() const { return loss_.loss; }    ///< [batch, 1, 1, 1]
  const Tensor& gradient() const { return *gradient_; }  ///< [batch, 3, h, w]
  /// i32 [batch, 1, 1, 1]: the first of the largest logits; -1 where one is NaN, which fools
  /// nobody.
  const Tensor& predictions() const { return loss_.prediction; }
  /// max over j != y of z_j - z_y of the true class (untargeted), z_t - max over j != t of z_j
  /// (targeted): above 0 the image fools. [batch, 1, 1, 1]
  const Tensor& margins() const { return loss_.margin; }

 private:
  const Context& context_;
  Victim& victim_;
  AttackLoss kind_;
  int samples_;
  ops::ClassLoss loss_, one_;  // of the mean logits, and of one sample
  Tensor sum_logits_, sum_loss_, sum_gradient_;
  const Tensor* logits_ = nullptr;
  const Tensor* gradient_ = nullptr;
};

}  // namespace phosphene
