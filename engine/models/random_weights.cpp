#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "engine/models/random.hpp"
#include "phosphene/models.hpp"

namespace phosphene {

Network with_random_weights(const Network& network, std::uint64_t seed, const std::string& from) {
  Normal normal(seed);
  Weights drawn = network.weights();
  const int first = from.empty() ? 0 : network.graph().find(from);
  for (int i = first; i < network.graph().size(); ++i) {
    const Node& node = network.graph()[i];
    if (node.weights.empty()) continue;
    const bool norm = std::holds_alternative<op::BatchNorm>(node.op);
    for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) {
      const std::string name = node.weights + part;
      if (!drawn.has(name)) continue;
      HostArray array = drawn.at(name);
      if (array.shape.size() > 1) {
        array = normal.weight(array.shape);
      } else {
        const std::string kind = part;
        const bool one = norm && (kind == ".weight" || kind == ".running_var");
        std::ranges::fill(array.values, one ? 1.0F : 0.0F);
      }
      drawn.set(name, std::move(array));
    }
  }
  drawn.set_source("random:" + std::to_string(seed));
  return {network.graph(), std::move(drawn), network.info()};
}

}  // namespace phosphene
