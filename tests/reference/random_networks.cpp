#include "tests/reference/random_networks.hpp"

#include <algorithm>
#include <utility>

#include "phosphene/error.hpp"
#include "tests/reference/fixtures.hpp"
#include "tests/reference/node_cases.hpp"

namespace phosphene::reference {
namespace {

class Builder {
 public:
  explicit Builder(std::uint64_t seed) : random_(seed), graph_(normalised_input(3)) {
    image_ = {1, 3, draw(9, 30), draw(9, 30)};
  }

  RandomGraph build() {
    const int layers = draw(3, 9);
    for (int i = 0; i < layers; ++i) grow();
    switch (draw(0, 4)) {
      case 0:
        add(op::AdaptiveAvgPool{{1, 1}}, {top()});
        break;
      case 1:
        add(op::AdaptiveAvgPool{{2, 3}}, {top()});
        [[fallthrough]];
      case 2:
        add(op::Flatten{}, {top()});
        add(op::Linear{.out_features = 5}, {top()});
        break;
      default:
        break;
    }
    const std::string tap = graph_[top()].name;
    return {std::move(graph_), image_, tap};
  }

 private:
  int draw(int low, int high) {  // both can be
    return std::min(high, static_cast<int>(random_.uniform(static_cast<float>(low),
                                                           static_cast<float>(high + 1))));
  }
  bool chance(int of) { return draw(1, of) == 1; }
  int top() const { return graph_.size() - 1; }
  Shape shape(int node) const {
    return graph_.infer_shapes(image_)[static_cast<std::size_t>(node)];
  }

  /// False, and no node, where the maps are too small for it.
  bool add(const Op& op, std::vector<int> inputs) {
    Graph larger = graph_;
    const std::string name = "n" + std::to_string(graph_.size()) + kind(op);
    const bool weighted = std::holds_alternative<op::Conv>(op) ||
                          std::holds_alternative<op::BatchNorm>(op) ||
                          std::holds_alternative<op::Linear>(op);
    larger.add(name, op, std::move(inputs), weighted ? name : "");
    try {
      larger.infer_shapes(image_);
    } catch (const Error&) {
      return false;
    }
    graph_ = std::move(larger);
    return true;
  }

  Window window(int most_kernel, bool pool) {
    Window w;
    w.kernel = {draw(1, most_kernel), draw(1, most_kernel)};
    w.stride = {draw(1, 3), draw(1, 2)};
    if (!pool && chance(3)) w.dilation = {draw(1, 2), draw(1, 3)};
    const auto pad = [&](int kernel) { return draw(0, pool ? kernel - 1 : kernel); };
    w.pad = {pad(w.kernel.h), pad(w.kernel.w), pad(w.kernel.h), pad(w.kernel.w)};
    w.ceil = pool && chance(2);
    return w;
  }

  op::Conv same_size(std::int64_t channels, int kernel) {
    return {.window = {.kernel = {kernel, kernel}, .pad = Padding::all(kernel / 2)},
            .out_channels = channels};
  }

  void activate() {
    if (chance(3)) add(op::BatchNorm{}, {top()});
    if (chance(4)) {
      add(op::LeakyRelu{}, {top()});
    } else if (!chance(4)) {
      add(op::Relu{}, {top()});
    }
  }

  void grow() {
    const int from = top();
    const std::int64_t c = shape(from).c;
    switch (draw(0, 9)) {
      case 0:
      case 1:
        if (add(op::Conv{.window = window(5, false), .out_channels = 2 * draw(2, 4)}, {from})) {
          activate();
        }
        break;
      case 2:
        if (c % 2 == 0)
          add(op::Conv{.window = window(3, false), .out_channels = 6, .groups = 2}, {from});
        break;
      case 3:
        add(op::MaxPool{window(3, true)}, {from});
        break;
      case 4:
        add(op::AvgPool{window(3, true), chance(2)}, {from});
        break;
      case 5:
        add(op::AvgPool{{.kernel = {2, 2}, .stride = {2, 2}}, true}, {from});
        break;
      case 6:
        add(op::ReflectPad{{draw(0, 3), draw(0, 3), draw(0, 3), draw(0, 3)}}, {from});
        break;
      case 7: {  // a residual block
        add(same_size(c, 3), {from});
        activate();
        add(same_size(c, chance(2) ? 1 : 3), {top()});
        add(op::Add{}, {top(), from});
        activate();
        break;
      }
      case 8: {  // branches of different reach
        add(same_size(3, 1), {from});
        const int narrow = top();
        add(same_size(4, 3), {from});
        activate();
        const int wide = top();
        add(op::MaxPool{{.kernel = {3, 3}, .pad = Padding::all(1)}}, {from});
        add(op::Concat{}, {narrow, wide, top()});
        break;
      }
      default:
        add(op::Lrn{3}, {from});
        break;
    }
  }

  Random random_;
  Graph graph_;
  Shape image_;
};

}  // namespace

RandomGraph random_graph(std::uint64_t seed) { return Builder(seed).build(); }

std::string describe(const Graph& graph) {
  std::string text;
  const auto numbers = [&](const Window& w) {
    text += " k" + std::to_string(w.kernel.h) + "x" + std::to_string(w.kernel.w) + " s" +
            std::to_string(w.stride.h) + "x" + std::to_string(w.stride.w) + " d" +
            std::to_string(w.dilation.h) + "x" + std::to_string(w.dilation.w) + " p" +
            std::to_string(w.pad.top) + "," + std::to_string(w.pad.left) + "," +
            std::to_string(w.pad.bottom) + "," + std::to_string(w.pad.right) +
            (w.ceil ? " ceil" : "");
  };
  for (const Node& node : graph.nodes()) {
    text += node.name + " <-";
    for (int from : node.inputs) text += " " + std::to_string(from);
    if (const auto* conv = std::get_if<op::Conv>(&node.op)) numbers(conv->window);
    if (const auto* pool = std::get_if<op::MaxPool>(&node.op)) numbers(pool->window);
    if (const auto* pool = std::get_if<op::AvgPool>(&node.op)) numbers(pool->window);
    text += "\n";
  }
  return text;
}

}  // namespace phosphene::reference
