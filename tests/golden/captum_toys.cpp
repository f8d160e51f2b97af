#include "tests/golden/captum_toys.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace phosphene::golden {
namespace {

/// A graph that grows with its weights, begun with a normalisation that changes nothing.
class Toy {
 public:
  explicit Toy(int channels) : graph_(channels) {
    const auto count = static_cast<std::size_t>(channels);
    graph_.then("input", op::Normalise{std::vector<float>(count, 0), std::vector<float>(count, 1),
                                       1, false});
  }

  Toy& then(const std::string& name, Op op) {
    graph_.then(name, std::move(op));
    return *this;
  }
  Toy& conv(const std::string& name, int kernel, const std::vector<std::int64_t>& shape,
            std::vector<float> weight, std::vector<float> bias) {
    op::Conv conv;
    conv.window.kernel = {kernel, kernel};
    conv.out_channels = shape[0];
    graph_.then(name, conv, name);
    return weights(name, shape, std::move(weight), std::move(bias));
  }
  Toy& linear(const std::string& name, const std::vector<std::int64_t>& shape,
              std::vector<float> weight, std::vector<float> bias) {
    graph_.then(name, op::Linear{shape[0]}, name);
    return weights(name, shape, std::move(weight), std::move(bias));
  }
  Network network() { return {std::move(graph_), std::move(weights_)}; }

 private:
  Toy& weights(const std::string& name, const std::vector<std::int64_t>& shape,
               std::vector<float> weight, std::vector<float> bias) {
    weights_.set(name + ".weight", {shape, std::move(weight)});
    weights_.set(name + ".bias", {{shape[0]}, std::move(bias)});
    return *this;
  }

  Graph graph_;
  Weights weights_;
};

std::vector<float> ones(std::int64_t count) {
  return std::vector<float>(static_cast<std::size_t>(count), 1);
}

}  // namespace

Network captum_multi_layer(int inputs) {
  std::vector<float> identity;
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3 * inputs; ++column) {
      identity.push_back(column % 3 == row ? 1.F : 0.F);
    }
  }
  return Toy(inputs)
      .then("flatten", op::Flatten{})
      .linear("linear0", {3, 3 * inputs}, identity, {0, 0, 0})
      .linear("linear1", {4, 3}, ones(12), {-10, 1, 1, 1})
      .then("relu", op::Relu{})
      .linear("linear2", {2, 4}, ones(8), {-1, 1})
      .network();
}

Network captum_one_conv(int inputs) {
  std::vector<float> scores;
  for (int score = 0; score < 4; ++score) {
    scores.insert(scores.end(), {1, 1, 1, 1, 1, -1, -1, -1});
  }
  return Toy(inputs)
      .conv("conv1", 3, {2, inputs, 3, 3}, ones(18 * inputs), {-50, -75})
      .then("relu1", op::Relu{})
      .then("flatten", op::Flatten{})
      .linear("fc1", {4, 8}, scores, {0, 0, 0, 0})
      .then("relu2", op::Relu{})
      .then("scores", op::Flatten{})
      .network();
}

Network captum_one_relu() {
  return Toy(1)
      .conv("negated", 1, {1, 1, 1, 1}, {-1}, {1})
      .then("relu", op::Relu{})
      .conv("scores", 1, {1, 1, 1, 1}, {-1}, {1})
      .network();
}

Network captum_difference(float gain_1, float gain_2) {
  return Toy(2)
      .conv("shifted", 1, {2, 2, 1, 1}, {1, 0, 0, 1}, {-1, 0})
      .then("relu1", op::Relu{})
      .conv("difference", 1, {1, 2, 1, 1}, {gain_1, -gain_2}, {0})
      .then("relu2", op::Relu{})
      .then("scores", op::Flatten{})
      .network();
}

Tensor image_of(const Shape& shape, const std::vector<float>& values) {
  Tensor image = Tensor::host(shape);
  std::copy(values.begin(), values.end(), image.data());
  return image;
}

}  // namespace phosphene::golden
