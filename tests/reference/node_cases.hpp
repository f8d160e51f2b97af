#pragma once
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "phosphene/graph.hpp"

namespace phosphene::reference {

/// A small graph around one node type, or around one way of joining them. Every graph starts with
/// its Normalise; the nodes named in `taps` are in topological order, the last is the output.
struct NodeCase {
  std::string name;
  Graph graph;
  Shape image;
  std::vector<std::string> taps;
};
void PrintTo(const NodeCase& node_case, std::ostream* out);

/// Every node type, with odd shapes, asymmetric paddings, groups, dilation, ceil mode, branches.
const std::vector<NodeCase>& node_cases();

/// Convolutions alone, over the corners of their parameters.
const std::vector<NodeCase>& conv_cases();

/// The input and a Normalise with a different mean and std for each channel.
Graph normalised_input(int channels);

}  // namespace phosphene::reference
