#include "phosphene/methods/interval_bounds.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/bounds/interval_network.hpp"
#include "engine/bounds/margins.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"

namespace phosphene {

struct IntervalBounds::Impl {
  Impl(const Context& context_, const Network& network, std::int64_t height, std::int64_t width,
       std::int64_t batch)
      : context(context_),
        classes(class_count(network.graph())),
        bounds(context, network, height, width, batch, score_layer(network.graph())),
        images(context.zeros({batch, 3, height, width})) {
    const Shape& scores = bounds.low().shape();
    if (classes < 2 || scores.pixels() != 1) {
      throw UsageError("layer '" + score_layer(network.graph()) + "' gives " + to_string(scores) +
                       ": a margin is between two classes of one image");
    }
  }

  const Context& context;
  std::int64_t classes;
  bounds::IntervalNetwork bounds;
  Tensor images;
};

IntervalBounds::IntervalBounds(const Context& context, const Network& network, std::int64_t height,
                               std::int64_t width, std::int64_t batch)
    : impl_(std::make_unique<Impl>(context, network, height, width, batch)) {}
IntervalBounds::~IntervalBounds() = default;
IntervalBounds::IntervalBounds(IntervalBounds&&) noexcept = default;

Tensor IntervalBounds::margins(const Tensor& images, std::span<const std::int64_t> labels,
                               std::span<const float> epsilons) {
  Impl& self = *impl_;
  Shape expected = self.images.shape();
  const std::int64_t batch = expected.n, n = images.shape().n;
  expected.n = n;
  if (images.shape() != expected || n < 1 || n > batch || std::ssize(labels) != n ||
      std::ssize(epsilons) != n) {
    throw Error("interval bounds of images " + to_string(images.shape()) + ", " +
                std::to_string(labels.size()) + " labels and " + std::to_string(epsilons.size()) +
                " epsilons: expected as many, at most " + to_string(self.images.shape()));
  }
  std::vector<float> eps(epsilons.begin(), epsilons.end());
  std::vector<std::int32_t> of_label;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t label = labels[static_cast<std::size_t>(i)];
    const float epsilon = eps[static_cast<std::size_t>(i)];
    if (label < 0 || label >= self.classes) {
      throw UsageError("label " + std::to_string(label) + " is none of the network's " +
                       std::to_string(self.classes) + " classes");
    }
    if (!(epsilon >= 0 && epsilon <= 1)) {
      throw UsageError("epsilon " + std::to_string(epsilon) + " does not lie in [0,1]");
    }
    of_label.push_back(static_cast<std::int32_t>(label));
  }
  eps.resize(static_cast<std::size_t>(batch), 0);
  of_label.resize(static_cast<std::size_t>(batch), 0);
  const Tensor mine = images.device() == self.context.device()
                          ? images.view()
                          : ops::to_device(self.context, images);
  Tensor first = Tensor::view(self.images.data(), self.context.device(), expected);
  ops::copy(self.context, mine, first);
  const Tensor radius =
      ops::to_device(self.context, Tensor::view(eps.data(), Device{}, {batch, 1, 1, 1}));
  const Tensor all = bounds::margins(self.context, self.bounds, self.images, radius, of_label);
  Tensor result = Tensor::host({n, self.classes, 1, 1});
  std::copy_n(all.data(), result.count(), result.data());
  return result;
}

float least_margin(const Tensor& margins, std::int64_t i, std::int64_t label) {
  float least = INFINITY;
  const std::int64_t classes = margins.shape().c;
  for (std::int64_t j = 0; j < classes; ++j) {
    const float margin = margins.data()[i * classes + j];
    if (j != label && !(margin >= least)) least = margin;
  }
  return least;
}

}  // namespace phosphene
