#include "engine/session/fuse.hpp"

#include <algorithm>

namespace phosphene {
namespace {

std::size_t at(int index) { return static_cast<std::size_t>(index); }

class Fuser {
 public:
  Fuser(const Graph& graph, const std::vector<Shape>& shapes, const std::vector<int>& taps)
      : graph_(graph), shapes_(shapes), needed_(needed_nodes(graph, taps)) {
    alias_.resize(at(graph.size()));
    readers_.resize(at(graph.size()));
    tapped_.resize(at(graph.size()));
    step_of_.resize(at(graph.size()), -1);
    for (int i = 0; i < graph.size(); ++i) {
      alias_[at(i)] = is_alias(i) ? alias_[at(graph[i].inputs[0])] : i;
      if (!needed_[at(i)] || is_alias(i)) continue;
      for (int from : graph[i].inputs) ++readers_[at(alias_[at(from)])];
    }
    for (int tap : taps) tapped_[at(alias_[at(tap)])] = true;
  }

  FusedGraph run() {
    for (int i = 1; i < graph_.size(); ++i) {
      if (needed_[at(i)] && !is_alias(i) && !absorb(i)) start(i);
    }
    // A step runs where its last node stood: every input is there by then.
    std::ranges::stable_sort(steps_, {}, &FusedNode::output);
    FusedGraph fused;
    fused.value.resize(at(graph_.size()), -1);
    fused.value[0] = 0;
    for (const FusedNode& step : steps_) fused.value[at(step.output)] = step.output;
    for (int i = 0; i < graph_.size(); ++i) {
      if (needed_[at(i)]) fused.value[at(i)] = fused.value[at(alias_[at(i)])];
    }
    fused.steps = std::move(steps_);
    return fused;
  }

 private:
  bool is_alias(int i) const {
    const Node& node = graph_[i];
    if (std::holds_alternative<op::Dropout>(node.op)) return true;
    return std::holds_alternative<op::Flatten>(node.op) &&
           shapes_[at(node.inputs[0])].pixels() == 1;
  }

  void start(int i) {
    FusedNode step{graph_[i].name, i, -1, false, false, {}, i};
    for (int from : graph_[i].inputs) step.inputs.push_back(alias_[at(from)]);
    step_of_[at(i)] = static_cast<int>(steps_.size());
    steps_.push_back(std::move(step));
  }

  /// The convolution that makes `value`, if a node may still be fused behind it.
  FusedNode* open_conv(int value) {
    if (value == 0 || tapped_[at(value)] || readers_[at(value)] != 1) return nullptr;
    FusedNode& step = steps_[at(step_of_[at(value)])];
    const bool is_conv = std::holds_alternative<op::Conv>(graph_[step.node].op);
    return is_conv && !step.relu ? &step : nullptr;
  }

  bool absorb(int i) {
    const Node& node = graph_[i];
    const auto extend = [&](FusedNode& step) {
      step_of_[at(i)] = step_of_[at(step.output)];
      step.output = i;
      step.name += "+" + node.name;
      return true;
    };
    const int from = alias_[at(node.inputs[0])];
    if (std::holds_alternative<op::BatchNorm>(node.op)) {
      FusedNode* conv = open_conv(from);
      if (conv == nullptr || conv->norm >= 0 || conv->residual) return false;
      conv->norm = i;
      return extend(*conv);
    }
    if (std::holds_alternative<op::Relu>(node.op)) {
      FusedNode* conv = open_conv(from);
      if (conv == nullptr) return false;
      conv->relu = true;
      return extend(*conv);
    }
    if (std::holds_alternative<op::Add>(node.op)) {
      const int other = alias_[at(node.inputs[1])];
      for (const auto& [mine, addend] : {std::pair{from, other}, std::pair{other, from}}) {
        FusedNode* conv = open_conv(mine);
        if (conv == nullptr || conv->residual) continue;
        conv->residual = true;
        conv->inputs.push_back(addend);
        return extend(*conv);
      }
    }
    return false;
  }

  const Graph& graph_;
  const std::vector<Shape>& shapes_;
  std::vector<bool> needed_;
  std::vector<int> alias_;    // node -> the node whose output is the same memory
  std::vector<int> readers_;  // how many nodes read a value
  std::vector<bool> tapped_;
  std::vector<int> step_of_;  // value -> index in steps_
  std::vector<FusedNode> steps_;
};

}  // namespace

std::vector<bool> needed_nodes(const Graph& graph, const std::vector<int>& taps) {
  std::vector<bool> needed(at(graph.size()));
  for (int tap : taps) needed[at(tap)] = true;
  for (int i = graph.size() - 1; i > 0; --i) {
    if (!needed[at(i)]) continue;
    for (int from : graph[i].inputs) needed[at(from)] = true;
  }
  return needed;
}

FusedGraph fuse(const Graph& graph, const std::vector<Shape>& shapes,
                const std::vector<int>& taps) {
  return Fuser(graph, shapes, taps).run();
}

}  // namespace phosphene
