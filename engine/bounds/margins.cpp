#include "engine/bounds/margins.hpp"

#include <cmath>
#include <vector>

#include "engine/bounds/rounding.hpp"
#include "engine/ops/dispatch.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "kernels/interval.hpp"

namespace phosphene::bounds {
namespace {

/// Scores that are no product (a pooling): from their ends.
Tensor from_ends(const Tensor& low, const Tensor& high, std::span<const std::int32_t> labels) {
  const std::int64_t n = low.shape().n, classes = low.shape().c;
  Tensor result = Tensor::host({n, classes, 1, 1});
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t y = labels[static_cast<std::size_t>(i)];
    const double least = low.data()[i * classes + y];
    for (std::int64_t j = 0; j < classes; ++j) {
      const auto margin = static_cast<float>(least - high.data()[i * classes + j]);
      result.data()[i * classes + j] = j == y ? 0 : std::nextafter(margin, -INFINITY);
    }
  }
  return result;
}

}  // namespace

Tensor margins(const Context& context, IntervalNetwork& network, const Tensor& images,
               const Tensor& epsilons, std::span<const std::int32_t> labels) {
  const IntervalNetwork::Matrix* matrix = network.matrix();
  network.forward(images, epsilons, matrix == nullptr);
  if (!matrix) {
    return from_ends(ops::to_host(context, network.low()), ops::to_host(context, network.high()),
                     labels);
  }
  // Two sums go into a margin, each with the roundings of its own (kernels/interval.hpp).
  const Rounding rounding = rounding_of(matrix->terms, "scores");
  const std::int64_t n = images.shape().n;
  const std::int64_t classes = matrix->weights.shape().h, features = matrix->weights.shape().w;
  std::vector<std::int32_t> of_host(labels.begin(), labels.end());
  const Tensor on_device =
      ops::to_device(context, Tensor::view(of_host.data(), Device{}, {n, 1, 1, 1}, DType::i32));
  Tensor lower = context.empty({n, classes, 1, 1});
  PHOSPHENE_CALL(context, interval_margins, matrix->low.data(), matrix->high.data(),
                 matrix->weights.data(), matrix->bias.data(), on_device.data<std::int32_t>(),
                 lower.data(), n, classes, features, rounding.radius, rounding.middle);
  return ops::to_host(context, lower);
}

}  // namespace phosphene::bounds
