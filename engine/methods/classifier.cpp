#include "phosphene/classifier.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"
#include "phosphene/session.hpp"

namespace phosphene {
namespace {

constexpr std::int64_t kMostImages = 64;  // more make no device we know of faster
constexpr std::size_t kShare = 8;         // of the memory: others may use the device too

SessionOptions scores_alone(const Network& network, std::int64_t height, std::int64_t width,
                            std::int64_t batch) {
  return {.height = height,
          .width = width,
          .batch = batch,
          .taps = {score_layer(network.graph())},
          .backward = false};
}

}  // namespace

std::int64_t predicted_class(const float* scores, std::int64_t classes) {
  const auto broken = [](float z) { return std::isnan(z); };
  if (std::any_of(scores, scores + classes, broken)) return -1;
  return std::max_element(scores, scores + classes) - scores;
}

Classifier make_classifier(const Context& context, const Network& network, std::int64_t height,
                           std::int64_t width, std::int64_t batch) {
  auto session =
      std::make_shared<Session>(context, network, scores_alone(network, height, width, batch));
  return [&context, session](const Tensor& images) {
    const Shape& s = images.shape();
    const SessionOptions& options = session->options();
    const std::int64_t step = options.batch;
    Tensor logits;
    for (std::int64_t from = 0; from < s.n; from += step) {
      const std::int64_t n = std::min(step, s.n - from);
      // Tensor::view is of memory that may be written; forward() only reads it.
      auto* data = const_cast<float*>(images.data()) + from * s.c * s.pixels();
      session->forward(
          Tensor::view(data, images.device(), {n, s.c, s.h, s.w}, images.dtype(), images.layout()),
          n);
      const Tensor scores = ops::to_host(context, session->tap(options.taps[0]));
      const std::int64_t classes = scores.shape().c;
      if (logits.empty()) logits = Tensor::host({s.n, classes, 1, 1});
      std::copy_n(scores.data(), n * classes, logits.data() + from * classes);
    }
    return logits;
  };
}

std::int64_t batch_for(const Context& context, const Network& network, std::int64_t height,
                       std::int64_t width, std::int64_t images) {
  // One image needs no more than this; workspaces do not all grow with the batch.
  Session one(context, network, scores_alone(network, height, width, 1));
  const std::size_t each = one.planned_bytes() + one.image().bytes();
  const auto fit = static_cast<std::int64_t>(context.total_bytes() / kShare / each);
  const std::int64_t most = std::clamp<std::int64_t>(fit, 1, kMostImages);
  const std::int64_t passes = (images + most - 1) / most;
  return (images + passes - 1) / passes;
}

}  // namespace phosphene
