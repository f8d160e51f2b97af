// Bounds enclose what they promise to: every node type, the corners of convolution and pooling and
// random networks, at random points and corners of the box; and no wider than they must be.
#include "engine/bounds/interval_network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/bounds/rounding.hpp"
#include "phosphene/error.hpp"
#include "phosphene/session.hpp"
#include "tests/reference/fixtures.hpp"
#include "tests/reference/node_cases.hpp"
#include "tests/reference/random_networks.hpp"

namespace phosphene::bounds {
namespace {

using reference::Random;
using reference::Values;

struct Bounds {
  Values low, high;
};

class Intervals : public ::testing::Test {
 protected:
  static Tensor tensor(const Values& values, const Shape& shape) {
    Tensor result = Tensor::host(shape);
    reference::write(values, result);
    return result;
  }

  Bounds bounds(const Network& network, const Values& image, const Shape& shape, float epsilon,
                const std::string& tap) const {
    IntervalNetwork intervals(context_, network, shape.h, shape.w, shape.n, tap);
    const Values epsilons(static_cast<std::size_t>(shape.n), epsilon);
    intervals.forward(tensor(image, shape), tensor(epsilons, {shape.n, 1, 1, 1}));
    return {reference::read(intervals.low()), reference::read(intervals.high())};
  }

  Values outputs(const Network& network, const Values& image, const Shape& shape,
                 const std::string& tap) const {
    Session session(context_, network, {shape.h, shape.w, shape.n, {tap}, false});
    session.forward(tensor(image, shape), shape.n);
    return reference::read(session.tap(tap));
  }

  /// Images of the ball as an attack makes them, in floats: random ones, and corners.
  static Values inside(const Values& image, float epsilon, Random& random, bool corner) {
    Values result;
    for (const double centre : image) {
      const auto x = static_cast<float>(centre);
      const float move = random.uniform(-1, 1);
      const float moved = corner ? (move < 0 ? x - epsilon : x + epsilon) : x + epsilon * move;
      result.push_back(std::clamp(moved, 0.0F, 1.0F));
    }
    return result;
  }

  void expect_enclosed(const Network& network, const Shape& shape, const std::string& tap,
                       std::uint64_t seed) const {
    Random random(seed);
    const Values image = random.values(shape.count(), 0, 1);
    for (const float epsilon : {0.0F, 1e-6F, 2.0F / 255, 0.3F}) {
      const Bounds found = bounds(network, image, shape, epsilon, tap);
      for (int k = 0; k < 4; ++k) {
        const Values y = outputs(network, inside(image, epsilon, random, k % 2 == 0), shape, tap);
        for (std::size_t i = 0; i < y.size(); ++i) {
          ASSERT_TRUE(found.low[i] <= y[i] && y[i] <= found.high[i])
              << y[i] << " is not in [" << found.low[i] << ", " << found.high[i] << "], element "
              << i << ", epsilon " << epsilon;
        }
      }
    }
  }

  Context context_{ContextOptions{.device = "cpu"}};
};

bool has_bounds(const Graph& graph) {
  return std::ranges::none_of(graph.nodes(), [](const Node& node) {
    return std::holds_alternative<op::Lrn>(node.op) || std::holds_alternative<op::Elu>(node.op) ||
           std::holds_alternative<op::Softmax>(node.op);
  });
}

Graph untouched_input() {
  Graph graph(3);
  graph.then("input", op::Normalise{{0, 0, 0}, {1, 1, 1}, 1, false});
  return graph;
}

TEST_F(Intervals, EncloseEveryNodeType) {
  int tried = 0;
  for (const auto* cases : {&reference::node_cases(), &reference::conv_cases()}) {
    for (const reference::NodeCase& node : *cases) {
      SCOPED_TRACE(node.name);
      const Network network = reference::random_network(node.graph, node.image, 3);
      for (const std::string& tap : node.taps) {
        try {
          IntervalNetwork(context_, network, node.image.h, node.image.w, 1, tap);
        } catch (const UsageError&) {
          EXPECT_FALSE(has_bounds(node.graph));
          continue;
        }
        expect_enclosed(network, node.image, tap, 5);
        ++tried;
      }
    }
  }
  EXPECT_GT(tried, 50);
}

TEST_F(Intervals, EncloseRandomNetworks) {
  int tried = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const reference::RandomGraph graph = reference::random_graph(seed);
    if (!has_bounds(graph.graph)) continue;
    SCOPED_TRACE(reference::describe(graph.graph));
    const Network network = reference::random_network(graph.graph, graph.image, seed);
    expect_enclosed(network, graph.image, graph.tap, seed);
    ++tried;
  }
  EXPECT_GT(tried, 20);
}

/// One affine layer attains its bounds, at the corner that the signs of its weights point to.
TEST_F(Intervals, AreSharpForOneAffineLayer) {
  Graph graph = reference::normalised_input(3);
  graph.then("flatten", op::Flatten{});
  graph.then("fc", op::Linear{.out_features = 6}, "fc");
  const Shape shape{1, 3, 4, 5};
  const Network network = reference::random_network(graph, shape, 8);
  Random random(9);
  const Values image = random.values(shape.count(), 0.2F, 0.8F);
  const float epsilon = 0.1F;
  const Bounds found = bounds(network, image, shape, epsilon, "fc");
  const HostArray& weight = network.weights().at("fc.weight");
  for (std::size_t k = 0; k < 6; ++k) {
    Values corner = image;
    for (std::size_t i = 0; i < image.size(); ++i) {
      corner[i] += weight.values[k * image.size() + i] > 0 ? epsilon : -epsilon;
    }
    const double y = outputs(network, corner, shape, "fc")[k];
    const double width = found.high[k] - found.low[k];
    EXPECT_GE(found.high[k], y);
    EXPECT_LT(found.high[k], y + 1e-4 * width);
  }
}

/// Sums of n terms that a float cannot hold together: 1, then many that each vanish beside it.
/// Added from the left they are all lost; from the right they count. Both are in the bounds.
TEST_F(Intervals, EncloseSumsInAnyOrder) {
  for (const std::int64_t n : {3, 30, 1000, 20000}) {
    Graph graph = untouched_input();
    graph.then("flatten", op::Flatten{});
    graph.then("fc", op::Linear{.out_features = 2, .bias = false}, "fc");
    HostArray weight{{2, 3 * n}, {}};
    for (const float sign : {1.0F, -1.0F}) {
      for (std::int64_t i = 0; i < 3 * n; ++i) {
        weight.values.push_back(i == 0 ? sign : sign * 0x1.fffffep-25F);
      }
    }
    Weights weights;
    weights.set("fc.weight", weight);
    const Network network(graph, weights);
    const Shape shape{1, 3, 1, n};
    const Values ones(static_cast<std::size_t>(3 * n), 1);
    const Bounds found = bounds(network, ones, shape, 0, "fc");
    float from_left = 0, from_right = 0;
    double exact = 0;
    for (std::int64_t i = 0; i < 3 * n; ++i) {
      from_left += weight.values[static_cast<std::size_t>(i)];
      from_right += weight.values[static_cast<std::size_t>(3 * n - 1 - i)];
      exact += weight.values[static_cast<std::size_t>(i)];
    }
    ASSERT_NE(from_left, from_right);
    for (const double sum : {double{from_left}, double{from_right}, exact}) {
      EXPECT_LE(found.low[0], sum);
      EXPECT_GE(found.high[0], sum);
      EXPECT_LE(found.low[1], -sum);
      EXPECT_GE(found.high[1], -sum);
    }
    // As wide as roundings reach, and not much more.
    const double gamma = static_cast<double>(3 * n) * 0x1p-24;
    EXPECT_LT(found.high[0] - found.low[0], 10 * (gamma + 1e-6) * exact);
  }
}

TEST_F(Intervals, KnowNothingWhereNumbersAreTooLarge) {
  Graph graph = untouched_input();
  graph.then("huge", op::BatchNorm{}, "huge");
  graph.then("relu", op::Relu{});
  graph.then("again", op::BatchNorm{}, "again");
  Weights weights;
  for (const std::string name : {"huge", "again"}) {
    weights.set(name + ".weight", {{3}, {1e29F, 1e35F, -3e38F}});
    weights.set(name + ".bias", {{3}, {0, 0, 1}});
    weights.set(name + ".running_mean", {{3}, {0, 0, 0}});
    weights.set(name + ".running_var", {{3}, {1, 1, 1}});
  }
  const Network network(graph, weights);
  const Bounds found = bounds(network, Values(3, 0.5), {1, 3, 1, 1}, 0.1F, "again");
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found.low[i], -INFINITY);
    EXPECT_EQ(found.high[i], INFINITY);
  }
}

TEST_F(Intervals, RefuseByTheLayersName) {
  const auto refused = [&](const Op& op) -> std::string {
    Graph graph = reference::normalised_input(3);
    graph.then("strange", op);
    try {
      IntervalNetwork(context_, Network(graph, {}), 8, 8, 1, "strange");
    } catch (const UsageError& error) {
      return error.what();
    }
    return "nothing";
  };
  EXPECT_EQ(refused(op::Lrn{}),
            "layer 'strange' (Lrn): no interval bounds go through it, as it neither adds up nor is "
            "monotone");
  EXPECT_NE(refused(op::Softmax{}).find("layer 'strange' (Softmax)"), std::string::npos);
  EXPECT_NE(refused(op::Elu{}).find("layer 'strange' (Elu)"), std::string::npos);
  EXPECT_NE(refused(op::LeakyRelu{-0.5F}).find("layer 'strange' (LeakyRelu)"), std::string::npos);
  EXPECT_EQ(refused(op::LeakyRelu{0.5F}), "nothing");
  EXPECT_THROW(rounding_of((1 << 17) + 1, "wide"), Error);
}

}  // namespace
}  // namespace phosphene::bounds
