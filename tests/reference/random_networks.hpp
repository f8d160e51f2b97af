#pragma once
#include <cstdint>
#include <string>

#include "phosphene/graph.hpp"

namespace phosphene::reference {

/// A network that nobody would build: convolutions, poolings and paddings of every stride,
/// dilation, border and rounding, residual blocks and concatenations, with or without a classifier
/// behind.
struct RandomGraph {
  Graph graph;
  Shape image;
  std::string tap;
};
RandomGraph random_graph(std::uint64_t seed);

/// One line a node, to see what a test failed on.
std::string describe(const Graph& graph);

}  // namespace phosphene::reference
