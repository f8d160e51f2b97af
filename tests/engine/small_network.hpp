#pragma once
#include <random>

#include "phosphene/network.hpp"

namespace phosphene::testing {

inline Window square(int kernel, int stride = 1, int pad = 0) {
  return {{kernel, kernel}, {stride, stride}, {}, Padding::all(pad), false};
}

/// Uniform in [-scale, scale], of a fixed seed.
inline HostArray random_array(std::vector<std::int64_t> shape, unsigned seed, float scale) {
  std::mt19937 bits(seed);
  std::int64_t count = 1;
  for (std::int64_t extent : shape) count *= extent;
  HostArray array{std::move(shape), {}};
  for (std::int64_t i = 0; i < count; ++i) {
    array.values.push_back(scale * (static_cast<float>(bits() >> 8) * 0x1p-23F - 1));
  }
  return array;
}

inline Tensor random_image(Shape shape, unsigned seed) {
  Tensor image = Tensor::host(shape);
  std::mt19937 bits(seed);
  for (std::int64_t i = 0; i < shape.count(); ++i) {
    image.data()[i] = static_cast<float>(bits() >> 8) * 0x1p-24F;
  }
  return image;
}

/// input, conv1, relu1, pool1, conv2, relu2: three channels to four to six.
inline Network small_network() {
  Graph graph;
  graph.then("input", op::Normalise{{0.5F, 0.4F, 0.3F}, {0.2F, 0.3F, 0.4F}, 1, false});
  graph.then("conv1", op::Conv{square(3, 1, 1), 4, 1, true}, "conv1");
  graph.then("relu1", op::Relu{});
  graph.then("pool1", op::MaxPool{square(2, 2)});
  graph.then("conv2", op::Conv{square(3, 1, 1), 6, 1, true}, "conv2");
  graph.then("relu2", op::Relu{});
  Weights weights;
  weights.set("conv1.weight", random_array({4, 3, 3, 3}, 1, 0.4F));
  weights.set("conv1.bias", random_array({4}, 2, 0.2F));
  weights.set("conv2.weight", random_array({6, 4, 3, 3}, 3, 0.4F));
  weights.set("conv2.bias", random_array({6}, 4, 0.2F));
  return {std::move(graph), std::move(weights)};
}

}  // namespace phosphene::testing
