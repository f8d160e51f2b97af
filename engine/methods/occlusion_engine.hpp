#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/ops/occlude.hpp"
#include "phosphene/methods/occlusion.hpp"

namespace phosphene {

/// The logits of an image and of its occluded copies, on the host: `classes` numbers an image, the
/// clean one first.
struct OccludedLogits {
  std::vector<float> values;
  std::int64_t classes = 0;
  bool finished = true;

  const float* row(std::int64_t image) const { return values.data() + image * classes; }
};

using OcclusionProgress = std::function<bool(std::int64_t, std::int64_t)>;

/// How the logits are computed.
class OcclusionScorer {
 public:
  virtual ~OcclusionScorer() = default;
  /// `image` and the fill's picture, [1, c, h, w], lie on the device.
  virtual OccludedLogits run(const Tensor& image, const ops::OcclusionFill& fill,
                             const OcclusionProgress& progress) = 0;
};

ops::Box box_of(const OcclusionWindow& window);

std::unique_ptr<OcclusionScorer> dense_scorer(const Context& context, Classifier classifier,
                                              const OcclusionGrid& grid, std::int64_t batch);

/// What either engine would take, and the one to take. Throws where the network has no scores.
OcclusionPlan plan_occlusion(const Context& context, const Network& network,
                             const OcclusionGrid& grid, const OcclusionOptions& options);
std::unique_ptr<OcclusionScorer> make_scorer(const Context& context, const Network& network,
                                             const OcclusionGrid& grid, const OcclusionPlan& plan);

}  // namespace phosphene
