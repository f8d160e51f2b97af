#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "engine/cone/cone.hpp"
#include "engine/methods/occlusion_engine.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"

namespace phosphene {
namespace {

/// The windows, whose numbers key their noise, and last a box that hides nothing: the clean image.
std::vector<ops::Box> boxes_of(const OcclusionGrid& grid) {
  std::vector<ops::Box> boxes;
  for (std::int64_t i = 0; i < grid.count(); ++i) boxes.push_back(box_of(grid.window(i)));
  boxes.push_back({});
  return boxes;
}

class IncrementalScorer final : public OcclusionScorer {
 public:
  IncrementalScorer(const Context& context, const Network& network, const OcclusionGrid& grid)
      : windows_(grid.count()),
        cone_(context, network, grid.height, grid.width, score_layer(network.graph()),
              boxes_of(grid)) {}

  OccludedLogits run(const Tensor& image, const ops::OcclusionFill& fill,
                     const OcclusionProgress& progress) override {
    const auto report = [&](std::int64_t done) {
      return !progress || progress(std::min(done, windows_), windows_);
    };
    const Tensor logits = cone_.run(image, fill, report);
    OccludedLogits result;
    result.finished = !logits.empty();
    if (!result.finished) return result;
    result.classes = logits.shape().c;
    result.values.assign(logits.data(), logits.data() + logits.count());
    std::ranges::rotate(result.values, result.values.end() - result.classes);
    return result;
  }

 private:
  std::int64_t windows_;
  ConeForward cone_;
};

/// Throws where the scores are not one number a class.
void check_scores(const Network& network, const OcclusionGrid& grid) {
  const std::string layer = score_layer(network.graph());
  const int at = network.graph().find(layer);
  const auto channels = std::get<op::Input>(network.graph()[0].op).channels;
  const Shape scores = network.graph().infer_shapes(
      {1, channels, grid.height, grid.width})[static_cast<std::size_t>(at)];
  if (scores.pixels() != 1) {
    throw Error("the scores of '" + layer + "' are " + std::to_string(scores.h) + "x" +
                std::to_string(scores.w) + " maps for an input of " + std::to_string(grid.height) +
                "x" + std::to_string(grid.width) + ", expected one score a class");
  }
}

}  // namespace

OcclusionPlan plan_occlusion(const Context& context, const Network& network,
                             const OcclusionGrid& grid, const OcclusionOptions& options) {
  check_scores(network, grid);
  OcclusionPlan plan;
  plan.windows = grid.count();
  const ConeEstimate cost = estimate_cone(context, network, grid.height, grid.width,
                                          score_layer(network.graph()), boxes_of(grid));
  plan.dense_flops = cost.dense_flops;
  plan.dense_seconds = cost.dense_seconds;
  plan.incremental_flops = cost.flops;
  plan.incremental_seconds = cost.seconds;
  if (options.engine == OcclusionEngine::automatic) {
    const bool faster = cost.seconds < cost.dense_seconds;
    plan.engine = faster ? OcclusionEngine::incremental : OcclusionEngine::dense;
    char text[80];
    std::snprintf(text, sizeof text, "predicted to be %.1f times as fast as the other",
                  faster ? cost.dense_seconds / cost.seconds : cost.seconds / cost.dense_seconds);
    plan.reason = text;
  } else {
    plan.engine = options.engine;
    plan.reason = "asked for";
  }
  if (plan.engine == OcclusionEngine::dense) {
    plan.batch = options.batch > 0
                     ? options.batch
                     : batch_for(context, network, grid.height, grid.width, plan.windows + 1);
  }
  return plan;
}

std::unique_ptr<OcclusionScorer> make_scorer(const Context& context, const Network& network,
                                             const OcclusionGrid& grid, const OcclusionPlan& plan) {
  if (plan.engine == OcclusionEngine::incremental) {
    return std::make_unique<IncrementalScorer>(context, network, grid);
  }
  return dense_scorer(context,
                      make_classifier(context, network, grid.height, grid.width, plan.batch), grid,
                      plan.batch);
}

}  // namespace phosphene
