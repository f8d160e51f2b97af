#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "phosphene/error.hpp"
#include "phosphene/graph.hpp"
#include "phosphene/network.hpp"

namespace phosphene {

/// Which network, and what is to be taken for granted of it whatever its file says.
struct NetworkOptions {
  /// One of model_names(); empty: what the file's metadata say, else vgg19.
  std::string model{};
  /// "shapes" (Weights::bundled), a safetensors file, the name of a cached one
  /// (scripts/fetch_weights.sh), or "random:SEED":
  /// convolutions and linear layers of the published width drawn from N(0, 2 / fan_in) (He et al.
  /// 2015), biases 0, BatchNorm the identity: what a network sees that has learnt nothing (He, Wang
  /// and Hopcroft 2016 paint with such a VGG, which then ends with its features).
  std::string weights{};
  /// Of the three channels, in the order and the range (0..1 or 0..255) that the network reads.
  std::vector<float> mean{}, std{};
  std::int64_t input_size = 0;
  /// Names of the classes: a file (a JSON list, ImageNet's JSON index, or a line a class), or
  /// "cat,dog,...".
  std::string labels{};
};

/// Builds `model` around the arrays of `weights`: names, widths, classes and preprocessing are read
/// off the file. Nodes are named as users know them: as the module of torchvision whose output they
/// are (layer3.5.conv2, features.12), VGG's and GoogLeNet's as in the papers (relu4_2,
/// inception_4c/output). A VGG ends where its weights end. Throws Error where they are another
/// model's. Of `options`, mean, std, input_size and labels go before what the file says.
///
/// Metadata that are read: `model`; `input`, the preprocessing (see docs/networks.md); `mean`,
/// `std` (three numbers), `input_size`; `labels` or `classes` (a JSON list, or names between
/// commas).
Network make_model(const std::string& model, Weights weights, const NetworkOptions& options = {});
std::vector<std::string> model_names();

/// A weights file neither says its model nor holds the usual one, and the options name none.
struct UnnamedModel : Error {
  using Error::Error;
};

/// The network that the options describe. Throws UsageError that names the flag, or UnnamedModel.
Network load_network(const NetworkOptions& options);

/// The node with the scores of the classes, [n, classes, 1, 1], before any Softmax. Throws
/// UsageError if the network ends in feature maps.
std::string score_layer(const Graph& graph);
/// How many classes the score layer has.
std::int64_t class_count(const Graph& graph);

/// The same network with its weights drawn anew, as "random:SEED" draws them (Adebayo et al. 2018
/// compare what methods show of the two): extents, preprocessing and names of classes stay. With
/// `from`, only the weights of that node and the later ones. Throws UsageError if it is not there.
Network with_random_weights(const Network& network, std::uint64_t seed,
                            const std::string& from = {});

/// The same graph with every max pooling replaced by average pooling (Gatys et al. 2016).
Graph with_average_pooling(const Graph& graph);

}  // namespace phosphene
