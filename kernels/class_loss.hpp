// For each of n images, out of its logits z (n rows of `classes` floats), its class y = label[i]
// and the class t = target[i] that is to be shown (below 0: none, any other than y), what an attack
// makes larger, its gradient at the logits, the margin and the prediction:
//                  untargeted                                targeted
//   cross_entropy  -log softmax(z)_y                         log softmax(z)_t
//   margin         max_{j != y} z_j - z_y                    z_t - max_{j != t} z_j
//   dlr            (max_{j != y} z_j - z_y)                  (z_t - z_y)
//                  / (z_1 - z_3 + 1e-12)                     / (z_1 - (z_3 + z_4) / 2 + 1e-12)
//   score          -z_y                                      z_t
//   margins_i      is `margin` whatever the loss
//   predictions_i  is the first of the largest logits
// z_1 >= z_2 >= ... sorted; of equal logits the first comes first, in maxima too. The gradient of
// dlr goes through its denominator, as in the original. The gradient of the cross-entropy at its
// own class is minus the sum of the others', not softmax - 1, which is 0 in float for a confident
// network. Labels and targets are classes; that is not checked.
//
// Logits that are not finite: the loss is NaN and the gradient 0. With a NaN among them the
// prediction is -1 and the margin NaN, else they follow the formula. dlr with fewer classes than it
// takes: the same NaN and 0. One class: its margin is -infinity untargeted, +infinity targeted.
//
// Moves the logits and their gradient once; further passes find them in cache. Null outputs are
// not allowed.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {

enum class ClassLossKind : std::uint8_t { cross_entropy, margin, dlr, score };

struct ClassLossResult {
  float* losses;              // n
  float* d_logits;            // n x classes
  float* margins;             // n
  std::int32_t* predictions;  // n
};

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void class_loss(const float* logits, const std::int32_t* label, const std::int32_t* target,
                ClassLossKind kind, std::int64_t n, std::int64_t classes, ClassLossResult result);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void class_loss(Stream stream, const float* logits, const std::int32_t* label,
                const std::int32_t* target, ClassLossKind kind, std::int64_t n,
                std::int64_t classes, ClassLossResult result);
}  // namespace phosphene::kernels::cuda
