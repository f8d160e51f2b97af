// The loss of each image, its gradient and its prediction: what every white-box attack asks for.
#pragma once
#include <cstdint>
#include <span>

#include "phosphene/attacks/loss.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"

namespace phosphene {

class LossGradient {
 public:
  /// Of a random victim, `samples` draws are averaged: losses, gradients and logits alike.
  LossGradient(const Context& context, Victim& victim, AttackLoss loss, int samples = 1);

  /// At images x, [batch, 3, h, w] on the device. `label` and `target` are i32 [batch, 1, 1, 1]; a
  /// target below 0 is none. The loss is what the attack makes larger. The slot's draws are
  /// sample, sample + 1, ...
  void operator()(const Tensor& x, const Tensor& label, const Tensor& target,
                  std::span<const Draw> draws, bool gradient = true);

  const Tensor& logits() const;       ///< [batch, classes, 1, 1]
  const Tensor& losses() const;       ///< [batch, 1, 1, 1]
  const Tensor& gradient() const;     ///< [batch, 3, h, w]
  const Tensor& predictions() const;  ///< i32 [batch, 1, 1, 1]: the first of the largest logits
  /// max over j != y of z_j - z_y of the true class (untargeted), z_t - max over j != t of z_j
  /// (targeted): at or above 0 the image is taken to fool. [batch, 1, 1, 1]
  const Tensor& margins() const;
};

}  // namespace phosphene
