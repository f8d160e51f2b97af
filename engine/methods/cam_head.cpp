#include "engine/methods/cam_head.hpp"

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

template <class O>
bool is(const Graph& graph, int node) {
  return std::holds_alternative<O>(graph[node].op);
}

const Shape& shape_of(const std::vector<Shape>& shapes, int node) {
  return shapes[static_cast<std::size_t>(node)];
}

/// `node` itself, or the first before it that does more than hand on.
int real(const Graph& graph, int node) {
  while (is<op::Dropout>(graph, node) || is<op::Flatten>(graph, node)) {
    node = graph[node].inputs[0];
  }
  return node;
}

int before(const Graph& graph, int node) { return real(graph, graph[node].inputs[0]); }

/// The mean over all pixels, whether as such or as a window of the maps' size.
bool is_global_mean(const Graph& graph, const std::vector<Shape>& shapes, int node) {
  if (const auto* pool = std::get_if<op::AdaptiveAvgPool>(&graph[node].op)) {
    return pool->out == Extent{};
  }
  const auto* pool = std::get_if<op::AvgPool>(&graph[node].op);
  if (pool == nullptr) return false;
  const Shape& x = shape_of(shapes, graph[node].inputs[0]);
  return pool->window.kernel.h == x.h && pool->window.kernel.w == x.w && !pool->window.pad.any();
}

[[noreturn]] void refuse(const Graph& graph, int node) {
  throw Error("CAM needs a network that ends in global average pooling and one linear layer, or " +
              std::string("in a convolution to the classes and that pooling; this one has '") +
              graph[node].name + "' (" + kind(graph[node].op) +
              ") in that place: Grad-CAM serves any network");
}

}  // namespace

std::string last_feature_maps(const Graph& graph, const std::vector<Shape>& shapes, int scores) {
  int node = scores;
  while (node > 0) {
    const bool pools = is<op::MaxPool>(graph, node) || is<op::AvgPool>(graph, node) ||
                       is<op::AdaptiveAvgPool>(graph, node) || is<op::Dropout>(graph, node);
    if (!pools && !is<op::Normalise>(graph, node) && shape_of(shapes, node).pixels() > 1) {
      return graph[node].name;
    }
    node = graph[node].inputs[0];
  }
  throw UsageError("the network has no feature maps of more than one pixel for this image size");
}

CamHead cam_head(const Graph& graph, const std::vector<Shape>& shapes, int scores) {
  CamHead head;
  int node = real(graph, scores);
  const bool linear = is<op::Linear>(graph, node);
  if (linear) {
    head.weights = graph[node].weights;
    node = before(graph, node);
  }
  if (!is_global_mean(graph, shapes, node)) refuse(graph, node);
  const int maps = before(graph, node);
  if (!linear) {
    const int conv = is<op::Relu>(graph, maps) ? before(graph, maps) : maps;
    if (!is<op::Conv>(graph, conv)) refuse(graph, conv);
  }
  head.layer = graph[maps].name;
  return head;
}

}  // namespace phosphene
