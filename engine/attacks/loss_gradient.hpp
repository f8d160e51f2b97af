// The loss of each image, its gradient and its prediction: what every white-box attack asks for.
#pragma once
#include <cstdint>
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
  /// sample, sample + 1, ...
  void operator()(const Tensor& x, const Tensor& label, const Tensor& target,
                  std::span<const Draw> draws, bool gradient = true);
  /// After a call without gradient: the gradient there. With several samples they are run again, so
  /// that a call with gradient costs less than the two.
  void backward();
  int samples() const { return samples_; }

  // All until the next call.
  const Tensor& logits() const;                                   ///< [batch, classes, 1, 1]
  const Tensor& losses() const { return loss_.loss; }             ///< [batch, 1, 1, 1]
  const Tensor& gradient() const { return gradient_; }            ///< [batch, 3, h, w]
  const Tensor& predictions() const { return loss_.prediction; }  ///< i32; ops::ClassLoss
  /// max over j != y of z_j - z_y of the true class (untargeted), z_t - max over j != t of z_j
  /// (targeted): above 0 the image fools.
  const Tensor& margins() const { return loss_.margin; }

 private:
  void sample(int s);

  const Context& context_;
  Victim& victim_;
  AttackLoss kind_;
  int samples_;
  ops::ClassLoss loss_, one_;
  Tensor sum_logits_, sum_gradient_, gradient_, x_, label_, target_, weight_, keep_;
  const Tensor* logits_ = nullptr;
  std::vector<Draw> draws_, shifted_;
};

}  // namespace phosphene
