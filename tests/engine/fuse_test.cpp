#include "engine/session/fuse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/small_network.hpp"

namespace phosphene {
namespace {

using ::testing::ElementsAre;
using testing::square;

std::vector<std::string> steps(const Graph& graph, const std::vector<std::string>& taps) {
  std::vector<int> nodes;
  for (const std::string& tap : taps) nodes.push_back(graph.find(tap));
  const FusedGraph fused = fuse(graph, graph.infer_shapes({1, 3, 8, 8}), nodes);
  std::vector<std::string> names;
  for (const FusedNode& step : fused.steps) names.push_back(step.name);
  return names;
}

Graph chain() {
  Graph g;
  g.then("input", op::Normalise{{0, 0, 0}, {1, 1, 1}, 1, false});
  g.then("conv", op::Conv{square(3, 1, 1), 4, 1, true}, "conv");
  g.then("bn", op::BatchNorm{}, "bn");
  g.then("relu", op::Relu{});
  g.then("drop", op::Dropout{});
  g.then("pool", op::MaxPool{square(2, 2)});
  return g;
}

TEST(Fuse, ConvBatchNormReluBecomeOneStep) {
  EXPECT_THAT(steps(chain(), {"pool"}), ElementsAre("input", "conv+bn+relu", "pool"));
}

TEST(Fuse, NeverCrossesATap) {
  EXPECT_THAT(steps(chain(), {"conv", "pool"}), ElementsAre("input", "conv", "bn", "relu", "pool"));
  EXPECT_THAT(steps(chain(), {"bn", "pool"}), ElementsAre("input", "conv+bn", "relu", "pool"));
  EXPECT_THAT(steps(chain(), {"drop", "pool"}), ElementsAre("input", "conv+bn+relu", "pool"));
}

TEST(Fuse, WhatNoTapNeedsIsNotRun) {
  EXPECT_THAT(steps(chain(), {"bn"}), ElementsAre("input", "conv+bn"));
}

/// stem -> a -> bn_a (+ stem) -> relu, as in a residual block.
Graph residual() {
  Graph g;
  g.then("input", op::Normalise{{0, 0, 0}, {1, 1, 1}, 1, false});
  const int stem = g.then("stem", op::Conv{square(3, 1, 1), 4, 1, true}, "stem");
  const int a = g.then("a", op::Conv{square(3, 1, 1), 4, 1, false}, "a");
  const int bn = g.add("bn_a", op::BatchNorm{}, {a}, "bn_a");
  g.add("add", op::Add{}, {bn, stem});
  g.then("relu", op::Relu{});
  return g;
}

TEST(Fuse, ResidualIsAddedInTheConvolution) {
  EXPECT_THAT(steps(residual(), {"relu"}), ElementsAre("input", "stem", "a+bn_a+add+relu"));
  EXPECT_THAT(steps(residual(), {"bn_a", "relu"}),
              ElementsAre("input", "stem", "a+bn_a", "add", "relu"));
}

TEST(Fuse, AValueReadTwiceIsKept) {
  Graph g;
  g.then("input", op::Normalise{{0, 0, 0}, {1, 1, 1}, 1, false});
  const int conv = g.then("conv", op::Conv{square(3, 1, 1), 4, 1, true}, "conv");
  const int relu = g.then("relu", op::Relu{});
  g.add("add", op::Add{}, {conv, relu});
  EXPECT_THAT(steps(g, {"add"}), ElementsAre("input", "conv", "relu", "add"));
}

}  // namespace
}  // namespace phosphene
