#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/deepfool.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

/// Images by their number: host, [1, 3, h, w] in [0,1].
struct ImageSource {
  std::int64_t count = 0;
  std::function<Tensor(std::int64_t)> load;
};

/// One perturbation for all images (Moosavi-Dezfooli, Fawzi, Fawzi and Frossard 2017):
///   for each image x of which the prediction at clamp(x + delta, 0, 1) is that at x:
///     delta <- project(delta + DeepFool(clamp(x + delta, 0, 1)) - clamp(x + delta, 0, 1))
/// in passes over the images, each in a new order, until the share of the images that are fooled
/// reaches 1 - `unfooled`. The projection is on the ball of radius epsilon; as in the authors' code
/// a DeepFool that does not get across within its steps is left out.
struct UniversalOptions {
  Norm norm = Norm::linf;       ///< of the ball
  float epsilon = 10.0F / 255;  ///< its radius
  float unfooled = 0.2F;        ///< share of the training images that need not be fooled
  int passes = 10;              ///< at most
  DeepFoolOptions deepfool;     ///< in L2, as in the paper
  /// Told after each image that was looked at: the pass, how many images of it are done, and the
  /// fooling rate on the training images after the pass before (0 in the first).
  std::function<void(int pass, std::int64_t done, double rate)> report;
};

struct UniversalResult {
  Tensor delta;               ///< host, [1, 3, h, w]
  int passes = 0;             ///< that were made
  std::vector<double> rates;  ///< fooling rate on the training images after each
  std::int64_t updates = 0;   ///< images at which delta was changed
  std::int64_t queries = 0;   ///< images whose logits were asked for
};

/// The images are taken one after the other, as in the paper: the result is that of the sequential
/// algorithm whatever the batch. What is batched is the question which of the next images are not
/// yet fooled, and the fooling rate; `victim` answers these, and `single`, of batch 1, is
/// DeepFool's. The order of pass p is drawn by Philox, keyed by the context's seed, the image's
/// number and p. Throws UsageError that names the flag, or where there are no images.
UniversalResult universal(const Context& context, Victim& victim, Victim& single,
                          const ImageSource& images, const UniversalOptions& options);

/// Whether the prediction at clamp(x + delta, 0, 1) is another than at x, of each image; false
/// where either is none, of scores with a NaN.
std::vector<bool> fooled_by(const Context& context, Victim& victim, const ImageSource& images,
                            const Tensor& delta);

}  // namespace phosphene
