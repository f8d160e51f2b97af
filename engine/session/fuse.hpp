#pragma once
#include <string>
#include <vector>

#include "phosphene/graph.hpp"

namespace phosphene {

/// One step of a session: a node, and those after it that were fused into it. Values are named
/// by the node that makes them.
struct FusedNode {
  std::string name;       ///< "layer1.0.conv2+layer1.0.bn2+layer1.0.add+layer1.0.relu2"
  int node = 0;           ///< whose op and weights these are
  int norm = -1;          ///< a BatchNorm folded into the weights
  bool residual = false;  ///< the last input is added
  bool relu = false;
  std::vector<int> inputs;  ///< values
  int output = 0;           ///< value: of the last node fused
};

struct FusedGraph {
  std::vector<FusedNode> steps;  ///< in the order to run
  std::vector<int> value;        ///< node -> the value that holds its output; -1 if fused away
};

/// What must run for `taps`: unneeded nodes are dropped; Dropout, and Flatten of 1x1 maps, become
/// other names of their input; conv (+ BatchNorm) (+ Add) (+ ReLU) becomes one step wherever
/// nothing but the next node of the chain reads the value between and it is no tap.
FusedGraph fuse(const Graph& graph, const std::vector<Shape>& shapes, const std::vector<int>& taps);

/// The nodes that `taps` depend on, themselves among them.
std::vector<bool> needed_nodes(const Graph& graph, const std::vector<int>& taps);

}  // namespace phosphene
