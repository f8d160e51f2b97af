#pragma once
#include <cstdint>
#include <memory>
#include <span>

#include "phosphene/classifier.hpp"
#include "phosphene/context.hpp"
#include "phosphene/network.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

/// Names what is random for one slot of a batch: noise is keyed by the context's seed, the image's
/// number in its whole data set and the number of the draw, so it depends neither on the slot nor
/// on the company. Draws from kAttackDraw on are the attacks' own (where they start); a victim is
/// given those below.
struct Draw {
  std::int64_t image = 0;
  std::uint32_t sample = 0;
};
constexpr std::uint32_t kAttackDraw = 1U << 31;

/// What an attack sees through: a classifier with its gradient, for one size of images and one
/// fixed batch. A network, a network behind transformations, or several of them averaged.
class Victim {
 public:
  virtual ~Victim() = default;

  virtual Shape images() const = 0;  ///< [batch, 3, h, w]: what forward() takes, always all of it
  virtual std::int64_t classes() const = 0;
  virtual bool random() const { return false; }  ///< the same images may give other logits

  /// images: device, nchw fp32 in [0,1]. A draw a slot, which a victim that is not random ignores.
  /// Logits [batch, classes, 1, 1], nchw fp32 on the device, until the next call. A slot's logits
  /// do not depend on its company.
  virtual const Tensor& forward(const Tensor& images, std::span<const Draw> draws) = 0;
  /// d_logits as the logits. The gradient of sum(d_logits logits) at the images of the last
  /// forward(), [batch, 3, h, w] nchw fp32 on the device, until the next call.
  virtual const Tensor& backward(const Tensor& d_logits) = 0;
};

/// The network by itself. Throws Error where an image is too small for it, UsageError where it ends
/// in no class scores, in a single one, or in scores at several places of the image. Context and
/// network outlive it.
std::unique_ptr<Victim> make_victim(const Context& context, const Network& network,
                                    std::int64_t height, std::int64_t width, std::int64_t batch);

/// The victim as a black box: any number of images, in batches padded to the victim's. The k-th
/// image that it is ever given is draw 0 of image k. The victim outlives it.
Classifier as_classifier(const Context& context, Victim& victim);

}  // namespace phosphene
