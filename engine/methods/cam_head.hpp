// What lies between a network's last feature maps and its class scores.
#pragma once
#include <string>
#include <vector>

#include "phosphene/network.hpp"

namespace phosphene {

/// The last feature maps that are more than one pixel, on the way to `scores`, before any pooling:
/// conv5's ReLU, layer4's last block, the last inception. Throws UsageError if there are none.
std::string last_feature_maps(const Graph& graph, const std::vector<Shape>& shapes, int scores);

/// S_c = mean over the pixels of sum_k w_ck A_k, plus a bias.
struct CamHead {
  std::string layer;  ///< whose output is A
  /// w is the array `weights`.weight, [classes, channels]; empty: w is the identity, since the
  /// feature maps are the classes' own.
  std::string weights;
};

/// Throws Error that says what the network has in the place of such an end.
CamHead cam_head(const Graph& graph, const std::vector<Shape>& shapes, int scores);

}  // namespace phosphene
