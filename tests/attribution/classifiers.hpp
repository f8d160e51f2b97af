// Small classifiers of three channels and five classes.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tests/engine/small_network.hpp"
#include "tests/reference/fixtures.hpp"

namespace phosphene::testing {

constexpr std::int64_t kClasses = 5;
constexpr Shape kImage{1, 3, 12, 14};

inline Graph features() {
  Graph graph;
  graph.then("input", op::Normalise{{0.5F, 0.4F, 0.3F}, {0.2F, 0.3F, 0.4F}, 1, false});
  graph.then("conv1", op::Conv{square(3, 1, 1), 6, 1, true}, "conv1");
  graph.then("relu1", op::Relu{});
  graph.then("pool1", op::MaxPool{square(2, 2)});
  graph.then("conv2", op::Conv{square(3, 1, 1), 8, 1, true}, "conv2");
  graph.then("relu2", op::Relu{});
  return graph;
}

/// As ResNet ends: global average pooling, flatten, linear, and a softmax behind it.
inline Graph pooled_classifier() {
  Graph graph = features();
  graph.then("gap", op::AdaptiveAvgPool{});
  graph.then("flat", op::Flatten{});
  graph.then("fc", op::Linear{kClasses, true}, "fc");
  graph.then("prob", op::Softmax{});
  return graph;
}

/// The same with a window of the maps' size (6 x 7), as BVLC's GoogLeNet has it, and dropout.
inline Graph window_classifier() {
  Graph graph = features();
  graph.then("pool5", op::AvgPool{{{6, 7}, {1, 1}, {}, {}, false}, true});
  graph.then("drop", op::Dropout{});
  graph.then("fc", op::Linear{kClasses, true}, "fc");
  return graph;
}

/// As SqueezeNet ends: a convolution to the classes, ReLU, global average pooling.
inline Graph convolved_classifier() {
  Graph graph = features();
  graph.then("drop", op::Dropout{});
  graph.then("conv10", op::Conv{square(1), kClasses, 1, true}, "conv10");
  graph.then("relu10", op::Relu{});
  graph.then("gap", op::AdaptiveAvgPool{});
  return graph;
}

/// As VGG ends: linear layers on all of the maps.
inline Graph dense_classifier() {
  Graph graph = features();
  graph.then("flat", op::Flatten{});
  graph.then("fc6", op::Linear{7, true}, "fc6");
  graph.then("relu6", op::Relu{});
  graph.then("fc7", op::Linear{kClasses, true}, "fc7");
  return graph;
}

/// Weights at which no ReLU or maximum of this batch is near to switching.
inline Network steady(const Graph& graph, std::uint64_t seed = 3) {
  return reference::random_network(graph, kImage, seed);
}

inline std::vector<float> values(const Tensor& t) { return {t.data(), t.data() + t.count()}; }

inline reference::Values doubles(const Tensor& t) { return {t.data(), t.data() + t.count()}; }

}  // namespace phosphene::testing
