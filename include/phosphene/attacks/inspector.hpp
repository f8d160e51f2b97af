#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "phosphene/attacks/loss.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

/// Draws of victims that are asked after an attack, not by it: what they say is then no echo of
/// the draws that the attack was fitted to.
constexpr std::uint32_t kInspectionDraw = 1U << 30;

/// An image to look at: its number in the whole data set, and its label.
struct Specimen {
  std::int64_t index = 0, label = 0;
  const Tensor* image = nullptr;  ///< host, [1, 3, h, w]
};

/// How the loss of an image goes around it.
struct LossSlope {
  float gradient = 0;  ///< the largest of its absolute values; NaN where one is
  float change = 0;    ///< the largest |loss(clamp(x + radius s)) - loss(x)|, s of random signs
};

/// Asks a victim from outside: any number of images, in batches padded to the victim's. A draw is
/// keyed by the image's index, so that an answer does not depend on the company.
class Inspector {
 public:
  /// Both outlive it. What the victim gave another caller is gone after each call.
  Inspector(const Context& context, Victim& victim);

  /// Host [n, classes, 1, 1], each image at draw kInspectionDraw + draw.
  Tensor logits(std::span<const Specimen> images, std::uint32_t draw = 0);
  /// Of the untargeted loss at the images' labels; `steps` random steps of this radius.
  std::vector<LossSlope> slopes(std::span<const Specimen> images, AttackLoss loss, float radius,
                                int steps);

 private:
  /// The next batch of images on the device, its last slots filled with the first image.
  void place(std::span<const Specimen> images);

  const Context& context_;
  Victim& victim_;
  Tensor host_, images_, noise_, moved_;
  std::vector<Draw> draws_;
};

}  // namespace phosphene
