#include "engine/session/step_specs.hpp"

namespace phosphene {

std::vector<StepSpec> step_specs(const Network& network, const FusedGraph& fused,
                                 const std::vector<Shape>& shapes, bool backward) {
  const Graph& graph = network.graph();
  const auto shape_of = [&](int value) { return shapes[static_cast<std::size_t>(value)]; };
  std::vector<StepSpec> specs;
  for (const FusedNode& node : fused.steps) {
    const Node& head = graph[node.node];
    StepSpec spec;
    spec.name = node.name;
    spec.op = head.op;
    spec.output = shape_of(node.output);
    for (int input : node.inputs) spec.inputs.push_back(shape_of(input));
    spec.relu = node.relu;
    spec.residual = node.residual;
    spec.backward = backward;
    spec.network = &network;
    spec.weights = head.weights;
    if (node.norm >= 0) {
      spec.folded_norm = graph[node.norm].weights;
      spec.folded_eps = std::get<op::BatchNorm>(graph[node.norm].op).eps;
    }
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace phosphene
