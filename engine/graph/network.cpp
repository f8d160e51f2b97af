#include "phosphene/network.hpp"

#include "phosphene/error.hpp"
#include "phosphene/text.hpp"

namespace phosphene {
namespace {

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i ? ", " : "") + (shape[i] < 0 ? std::string("any") : std::to_string(shape[i]));
  }
  return text + "]";
}

constexpr std::int64_t kAny = -1;

/// Follows the number of channels through the graph, which needs no image size until a Flatten
/// makes it kAny, and asks the weights for every array on the way.
class Check {
 public:
  explicit Check(const Weights& weights) : weights_(weights) {}

  std::int64_t channels(const Node& node, const std::vector<std::int64_t>& in) const {
    if (const auto* conv = std::get_if<op::Conv>(&node.op)) {
      const Window& w = conv->window;
      want(node, "weight",
           {conv->out_channels, in[0] == kAny ? kAny : in[0] / conv->groups, w.kernel.h,
            w.kernel.w});
      if (conv->bias) want(node, "bias", {conv->out_channels});
      return some(node, conv->out_channels);
    }
    if (const auto* linear = std::get_if<op::Linear>(&node.op)) {
      want(node, "weight", {linear->out_features, in[0]});
      if (linear->bias) want(node, "bias", {linear->out_features});
      return some(node, linear->out_features);
    }
    if (std::holds_alternative<op::BatchNorm>(node.op)) {
      for (const char* name : {"weight", "bias", "running_mean", "running_var"}) {
        want(node, name, {in[0]});
      }
    }
    if (std::holds_alternative<op::Flatten>(node.op)) return kAny;
    if (const auto* pad = std::get_if<op::PadChannels>(&node.op)) {
      return in[0] == kAny ? kAny : in[0] + pad->before + pad->after;
    }
    if (std::holds_alternative<op::Concat>(node.op)) {
      std::int64_t sum = 0;
      for (std::int64_t c : in) sum = c == kAny || sum == kAny ? kAny : sum + c;
      return sum;
    }
    return in[0];
  }

 private:
  /// A file may hold tensors without elements; a layer that makes nothing of its input is no layer.
  static std::int64_t some(const Node& node, std::int64_t channels) {
    if (channels < 1) {
      throw Error("layer '" + node.name + "': has " + std::to_string(channels) +
                  " output channels, expected at least 1");
    }
    return channels;
  }

  void want(const Node& node, const char* name, const std::vector<std::int64_t>& shape) const {
    try {
      weights_.at(node.weights + "." + name, shape);
    } catch (const Error& error) {
      throw Error("layer '" + node.name + "': " + error.what());
    }
  }

  const Weights& weights_;
};

}  // namespace

const HostArray& Weights::at(const std::string& name) const {
  const auto it = arrays_.find(name);
  if (it != arrays_.end()) return it->second;
  std::vector<std::string> names;
  for (const auto& [key, array] : arrays_) names.push_back(key);
  throw Error(source_ + ": has no tensor '" + name + "'" + near_text(name, names));
}

const HostArray& Weights::at(const std::string& name,
                             const std::vector<std::int64_t>& shape) const {
  const HostArray& array = at(name);
  bool fits = array.shape.size() == shape.size();
  for (std::size_t i = 0; fits && i < shape.size(); ++i) {
    fits = shape[i] == kAny || array.shape[i] == shape[i];
  }
  if (!fits) {
    throw Error(source_ + ": tensor '" + name + "' has shape " + shape_text(array.shape) +
                ", expected " + shape_text(shape));
  }
  return array;
}

Network::Network(Graph graph, Weights weights, NetworkInfo info)
    : graph_(std::move(graph)), weights_(std::move(weights)), info_(std::move(info)) {
  const Check check(weights_);
  std::vector<std::int64_t> channels{std::get<op::Input>(graph_[0].op).channels};
  for (int i = 1; i < graph_.size(); ++i) {
    std::vector<std::int64_t> in;
    for (int from : graph_[i].inputs) in.push_back(channels[static_cast<std::size_t>(from)]);
    channels.push_back(check.channels(graph_[i], in));
  }
}

}  // namespace phosphene
