#include <algorithm>
#include <string>
#include <utility>

#include "engine/methods/occlusion_engine.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// The clean image, which is one with nothing hidden, and then every window.
std::vector<ops::OccludedView> whole_copies(const OcclusionGrid& grid) {
  std::vector<ops::OccludedView> views{{}};
  for (std::int64_t i = 0; i < grid.count(); ++i) {
    views.push_back({.box = box_of(grid.window(i)), .window = static_cast<int>(i)});
  }
  return views;
}

class DenseScorer final : public OcclusionScorer {
 public:
  DenseScorer(const Context& context, Classifier classifier, const OcclusionGrid& grid,
              std::int64_t batch)
      : context_(context),
        classifier_(std::move(classifier)),
        views_(context, whole_copies(grid)),
        batch_(std::min(batch, views_.count())) {}

  OccludedLogits run(const Tensor& image, const ops::OcclusionFill& fill,
                     const OcclusionProgress& progress) override {
    const Shape& s = image.shape();
    if (copies_.empty() || copies_.shape() != Shape{batch_, s.c, s.h, s.w}) {
      copies_ = context_.empty({batch_, s.c, s.h, s.w});
    }
    OccludedLogits result;
    for (std::int64_t from = 0; from < views_.count(); from += batch_) {
      const std::int64_t n = std::min(batch_, views_.count() - from);
      Tensor copies =
          Tensor::view(copies_.data<void>(), copies_.device(), {n, s.c, s.h, s.w}, DType::f32);
      ops::occlude(context_, image, views_, from, fill, copies);
      context_.synchronize();  // a black box may read them in another stream
      append(ops::to_host(context_, classifier_(copies)), n, result);
      // What was done and what there is, counted in windows: the clean image is none.
      if (progress && !progress(from + n - 1, views_.count() - 1)) {
        result.finished = from + n == views_.count();
        break;
      }
    }
    return result;
  }

 private:
  static void append(const Tensor& logits, std::int64_t n, OccludedLogits& result) {
    const Shape& s = logits.shape();
    if (result.classes == 0) result.classes = s.c;
    if (s != Shape{n, result.classes, 1, 1}) {
      throw Error("occlusion: the classifier gave scores " + to_string(s) + " for " +
                  std::to_string(n) + " images, expected " +
                  to_string(Shape{n, result.classes, 1, 1}));
    }
    result.values.insert(result.values.end(), logits.data(), logits.data() + logits.count());
  }

  const Context& context_;
  Classifier classifier_;
  ops::OccludedViews views_;
  std::int64_t batch_;
  Tensor copies_;
};

}  // namespace

ops::Box box_of(const OcclusionWindow& window) {
  return {.top = static_cast<int>(window.top),
          .left = static_cast<int>(window.left),
          .height = static_cast<int>(window.height),
          .width = static_cast<int>(window.width)};
}

std::unique_ptr<OcclusionScorer> dense_scorer(const Context& context, Classifier classifier,
                                              const OcclusionGrid& grid, std::int64_t batch) {
  return std::make_unique<DenseScorer>(context, std::move(classifier), grid, batch);
}

}  // namespace phosphene
