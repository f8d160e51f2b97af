#include "phosphene/methods/occlusion.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "engine/methods/occlusion_baseline.hpp"
#include "engine/methods/occlusion_engine.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"

namespace phosphene {
namespace {

void require(bool good, const std::string& flag, float value, const std::string& expected) {
  if (!good) {
    throw UsageError(flag + " " + std::to_string(value) + ": expected " + expected);
  }
}

void check_options(const OcclusionOptions& o) {
  require(o.batch >= 0, "--batch", static_cast<float>(o.batch), "at least 1");
  require(std::isfinite(o.smooth) && o.smooth >= 0, "--smooth", o.smooth, "at least 0 pixels");
  if (o.baseline == OcclusionBaseline::blur) {
    require(std::isfinite(o.blur_sigma) && o.blur_sigma > 0, "--baseline blur", o.blur_sigma,
            "a sigma above 0");
  }
  if (o.baseline == OcclusionBaseline::image && o.picture == nullptr) {
    throw UsageError("--baseline: expected a picture");
  }
}

double score_of(const float* logits, std::int64_t classes, std::int64_t target,
                OcclusionScore score) {
  const auto logit = static_cast<double>(logits[target]);
  if (score == OcclusionScore::logit) return logit;
  const auto largest = static_cast<double>(*std::max_element(logits, logits + classes));
  double sum = 0;
  for (std::int64_t c = 0; c < classes; ++c) {
    sum += std::exp(static_cast<double>(logits[c]) - largest);
  }
  return std::exp(logit - largest) / sum;
}

void require_class(std::int64_t target, std::int64_t classes) {
  if (target >= classes || target < -1) {
    throw UsageError("--class " + std::to_string(target) + ": the network has the classes 0 to " +
                     std::to_string(classes - 1));
  }
}

}  // namespace

struct Occlusion::Impl {
  Impl(const Context& context_, std::int64_t height, std::int64_t width,
       const OcclusionOptions& options_)
      : context(context_), options(options_), grid(height, width, options.patch, options.stride) {
    check_options(options);
    if (options.picture == nullptr) return;
    picture = ops::to_host(context, *options.picture);
    options.picture = &picture;
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  OcclusionResult result_of(const OccludedLogits& logits) const;

  const Context& context;
  OcclusionOptions options;
  OcclusionGrid grid;
  OcclusionPlan plan;
  Tensor picture;  ///< that the options point at
  std::unique_ptr<OcclusionScorer> scorer;
};

OcclusionResult Occlusion::Impl::result_of(const OccludedLogits& logits) const {
  const std::int64_t classes = logits.classes;
  require_class(options.target, classes);
  OcclusionResult result;
  const float* clean = logits.row(0);
  result.predicted = std::max_element(clean, clean + classes) - clean;
  result.target = options.target < 0 ? result.predicted : options.target;
  result.clean = score_of(clean, classes, result.target, options.score);
  result.finished = logits.finished;
  if (!logits.finished) return result;
  if (options.relative && result.clean == 0) {
    throw Error("the score of class " + std::to_string(result.target) +
                " is 0 for the clean image: a drop relative to it means nothing");
  }
  const double unit = options.relative ? std::abs(result.clean) : 1;
  result.grid = Tensor::host({1, 1, grid.rows(), grid.cols()});
  for (std::int64_t i = 0; i < grid.count(); ++i) {
    const double hidden = score_of(logits.row(1 + i), classes, result.target, options.score);
    result.grid.data()[i] = static_cast<float>((result.clean - hidden) / unit);
  }
  result.map = occlusion_map(grid, result.grid, options.aggregate, options.smooth);
  return result;
}

Occlusion::Occlusion(const Context& context, Classifier classifier, std::int64_t height,
                     std::int64_t width, const OcclusionOptions& options)
    : impl_(std::make_unique<Impl>(context, height, width, options)) {
  if (options.engine == OcclusionEngine::incremental) {
    throw UsageError("--engine incremental: needs the network; a black box is served by dense");
  }
  constexpr std::int64_t kBatch = 32;  // nothing is known about the box
  OcclusionPlan& plan = impl_->plan;
  plan.windows = impl_->grid.count();
  plan.batch = options.batch > 0 ? options.batch : std::min(kBatch, plan.windows + 1);
  plan.reason = "a black box can only be asked for whole images";
  impl_->scorer = dense_scorer(context, std::move(classifier), impl_->grid, plan.batch);
}

Occlusion::Occlusion(const Context& context, const Network& network, std::int64_t height,
                     std::int64_t width, const OcclusionOptions& options)
    : impl_(std::make_unique<Impl>(context, height, width, options)) {
  require_class(options.target, class_count(network.graph()));
  impl_->plan = plan_occlusion(context, network, impl_->grid, options);
  impl_->scorer = make_scorer(context, network, impl_->grid, impl_->plan);
}

Occlusion::~Occlusion() = default;
Occlusion::Occlusion(Occlusion&&) noexcept = default;

const OcclusionPlan& Occlusion::plan() const { return impl_->plan; }
const OcclusionGrid& Occlusion::grid() const { return impl_->grid; }

OcclusionResult Occlusion::run(const Tensor& image, std::uint64_t index,
                               const OcclusionProgress& progress) {
  const Shape& s = image.shape();
  if (s.n != 1 || s.h != impl_->grid.height || s.w != impl_->grid.width) {
    throw UsageError("occlusion: got an image " + to_string(s) + ", expected 1 image of " +
                     std::to_string(impl_->grid.height) + "x" + std::to_string(impl_->grid.width));
  }
  const Context& context = impl_->context;
  const Tensor on_device = ops::to_device(context, image);
  const Tensor on_host = ops::to_host(context, image);
  const Tensor baseline = occlusion_baseline(on_host, impl_->options);
  const Tensor picture = baseline.empty() ? Tensor() : ops::to_device(context, baseline);
  const ops::OcclusionFill fill{.picture = picture.empty() ? nullptr : &picture, .image = index};
  return impl_->result_of(impl_->scorer->run(on_device, fill, progress));
}

}  // namespace phosphene
