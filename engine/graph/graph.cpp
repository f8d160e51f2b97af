#include "phosphene/graph.hpp"

#include <algorithm>

#include "phosphene/error.hpp"
#include "phosphene/text.hpp"

namespace phosphene {
namespace {

std::size_t wanted_inputs(const Op& op) {
  if (std::holds_alternative<op::Input>(op)) return 0;
  if (std::holds_alternative<op::Add>(op)) return 2;
  return 1;
}

}  // namespace

std::string kind(const Op& op) {
  static constexpr const char* kNames[] = {
      "Input",  "Normalise",   "Conv",    "ReflectPad",      "BatchNorm", "Relu",   "LeakyRelu",
      "Elu",    "MaxPool",     "AvgPool", "AdaptiveAvgPool", "Lrn",       "Linear", "Add",
      "Concat", "PadChannels", "Flatten", "Dropout",         "Softmax"};
  static_assert(std::size(kNames) == std::variant_size_v<Op>);
  return kNames[op.index()];
}

Graph::Graph(int channels) { nodes_.push_back({"image", op::Input{channels}, {}, {}}); }

int Graph::add(std::string name, Op op, std::vector<int> inputs, std::string weights) {
  const auto complain = [&](const std::string& what) {
    throw Error("layer '" + name + "' (" + kind(op) + "): " + what);
  };
  if (std::ranges::any_of(nodes_, [&](const Node& node) { return node.name == name; })) {
    complain("there is already a layer of this name");
  }
  const bool any_number = std::holds_alternative<op::Concat>(op) && !inputs.empty();
  if (!any_number && inputs.size() != wanted_inputs(op)) {
    complain("has " + std::to_string(inputs.size()) + " inputs, expected " +
             std::to_string(wanted_inputs(op)));
  }
  for (int input : inputs) {
    if (input < 0 || input >= size()) complain("reads a layer that does not exist yet");
    if (input == 0 && !std::holds_alternative<op::Normalise>(op)) {
      complain("reads the image; only a Normalise layer may (it may be the identity)");
    }
  }
  if (std::holds_alternative<op::Normalise>(op) && inputs[0] != 0) {
    complain("must read the image itself");
  }
  nodes_.push_back({std::move(name), std::move(op), std::move(inputs), std::move(weights)});
  return size() - 1;
}

int Graph::then(std::string name, Op op, std::string weights) {
  return add(std::move(name), std::move(op), {size() - 1}, std::move(weights));
}

int Graph::find(std::string_view name) const {
  for (int i = 0; i < size(); ++i) {
    if ((*this)[i].name == name) return i;
  }
  std::vector<std::string> names;
  for (const Node& node : nodes_) names.push_back(node.name);
  throw UsageError("there is no layer '" + printable(name) + "' in the network" +
                   near_text(name, names));
}

}  // namespace phosphene
