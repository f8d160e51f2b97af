// Where a network's class scores are.
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"

namespace phosphene {
namespace {

/// The last node that is more than a Softmax or a Dropout.
int last_node(const Graph& graph) {
  int at = graph.size() - 1;
  while (at > 0 && (std::holds_alternative<op::Softmax>(graph[at].op) ||
                    std::holds_alternative<op::Dropout>(graph[at].op))) {
    at = graph[at].inputs[0];
  }
  return at;
}

bool is_global_pool(const Op& op) {
  const auto* pool = std::get_if<op::AdaptiveAvgPool>(&op);
  return pool != nullptr && pool->out == Extent{};
}

}  // namespace

std::string score_layer(const Graph& graph) {
  const int last = last_node(graph);
  const Op& op = graph[last].op;
  // A convolution without an activation after it is a classifier that slides; it has one place if
  // the image is as small as those that it was trained on.
  const bool scores = std::holds_alternative<op::Linear>(op) ||
                      std::holds_alternative<op::Conv>(op) ||
                      std::holds_alternative<op::Flatten>(op) || is_global_pool(op);
  if (!scores) {
    throw UsageError("the network has no class scores: it ends in the feature maps of '" +
                     graph[last].name + "' (" + kind(op) + ")");
  }
  return graph[last].name;
}

std::int64_t class_count(const Graph& graph) {
  int at = graph.find(score_layer(graph));
  while (at > 0) {
    if (const auto* conv = std::get_if<op::Conv>(&graph[at].op)) return conv->out_channels;
    if (const auto* linear = std::get_if<op::Linear>(&graph[at].op)) return linear->out_features;
    at = graph[at].inputs[0];
  }
  throw UsageError("the network has no layer that makes class scores");
}

}  // namespace phosphene
