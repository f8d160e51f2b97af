#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "phosphene/graph.hpp"
#include "phosphene/network.hpp"

namespace phosphene {

/// Builds `model` ("vgg11", "vgg13", "vgg16", "vgg19", or one of these with "_bn") around the
/// arrays of `weights`: names, width, padding, preprocessing and depth are read off the file.
/// Nodes are named as in the paper: conv4_2, bn4_2, relu4_2, pool4, then fc6, relu6, fc7, relu7,
/// fc8. The graph ends where the weights end. Throws Error where they are another model's.
Network make_model(const std::string& model, Weights weights);
std::vector<std::string> model_names();

/// What `--weights` takes: a safetensors file, the name of a cached one (scripts/fetch_weights.sh),
/// or "random:SEED" for He-initialised weights of the full width (He, Wang and Hopcroft 2016 paint
/// with such a network). An empty `model` is what the file says it is, or vgg19.
Network load_network(const std::string& model, const std::string& weights);

/// The same graph with every max pooling replaced by average pooling (Gatys et al. 2016).
Graph with_average_pooling(const Graph& graph);

}  // namespace phosphene
