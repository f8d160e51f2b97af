// The CPU lowering against the reference lowering in double, by relative L2: every node type, the
// corners of convolution, and a small network of each build.
#include <gtest/gtest.h>

#include "tests/reference/compare.hpp"
#include "tests/reference/node_cases.hpp"

namespace phosphene::reference {
namespace {

Session cpu_session(const Context& context, const Network& network, const SessionOptions& options) {
  return {context, network, options};
}

class CpuLowering : public testing::TestWithParam<NodeCase> {
 protected:
  void expect_same_as_reference(const NodeCase& node_case, Shape image, Tolerance tolerance,
                                std::uint64_t seed = 1) {
    const Network network = random_network(node_case.graph, image, 5);
    expect_same(
        [&](const Network& n, const SessionOptions& o) { return cpu_session(context_, n, o); },
        context_, network, image, node_case.taps, tolerance, seed);
  }

  Context context_{ContextOptions{.device = "cpu"}};
};

/// fp32 rounds to 6e-8; a sum of K <= 4608 products with random signs, added one after the other in
/// one accumulator, is off by about 6e-8 sqrt(K) / 4 = 1e-6 of its size, and less where it is
/// split. The longest sums stand alone; where two or three layers follow one another, theirs are
/// short.
constexpr Tolerance kOneLayer{2e-6, 2e-6};

class CpuNodes : public CpuLowering {};
TEST_P(CpuNodes, AgreeWithTheReference) {
  expect_same_as_reference(GetParam(), GetParam().image, kOneLayer);
}
TEST_P(CpuNodes, AgreeWithTheReferenceOnOneImage) {
  Shape image = GetParam().image;
  image.n = 1;
  expect_same_as_reference(GetParam(), image, kOneLayer, 2);
}
INSTANTIATE_TEST_SUITE_P(Nodes, CpuNodes, testing::ValuesIn(node_cases()),
                         [](const auto& test) { return test.param.name; });

class CpuConvolutions : public CpuLowering {};
TEST_P(CpuConvolutions, AgreeWithTheReference) {
  expect_same_as_reference(GetParam(), GetParam().image, kOneLayer);
}
INSTANTIATE_TEST_SUITE_P(Shapes, CpuConvolutions, testing::ValuesIn(conv_cases()),
                         [](const auto& test) { return test.param.name; });

/// Two convolutions a level, three levels, two linear layers.
Graph small_vgg(bool norm) {
  Graph graph = normalised_input(3);
  std::int64_t channels = 8;
  for (int level = 1; level <= 3; ++level, channels *= 2) {
    for (int i = 1; i <= 2; ++i) {
      const std::string id = std::to_string(level) + "_" + std::to_string(i);
      graph.then(
          "conv" + id,
          op::Conv{.window = {.kernel = {3, 3}, .pad = Padding::all(1)}, .out_channels = channels},
          "conv" + id);
      if (norm) graph.then("bn" + id, op::BatchNorm{}, "bn" + id);
      graph.then("relu" + id, op::Relu{});
    }
    graph.then("pool" + std::to_string(level),
               op::MaxPool{.window = {.kernel = {2, 2}, .stride = {2, 2}}});
  }
  graph.then("flatten", op::Flatten{});
  graph.then("fc1", op::Linear{.out_features = 20}, "fc1");
  graph.then("relu_fc1", op::Relu{});
  graph.then("fc2", op::Linear{.out_features = 10}, "fc2");
  return graph;
}

struct VggCase {
  std::string name;
  bool norm;
  std::int64_t batch;
  std::vector<std::string> taps;
};
void PrintTo(const VggCase& vgg, std::ostream* out) { *out << vgg.name; }

class CpuSmallVgg : public testing::TestWithParam<VggCase> {};

TEST_P(CpuSmallVgg, AgreesWithTheReference) {
  const Context context({.device = "cpu"});
  const VggCase& vgg = GetParam();
  const Shape image{vgg.batch, 3, 21, 18};
  const Network network = random_network(small_vgg(vgg.norm), image, 3);
  // Sums of 27 to 288 products, each layer off by 3e-7 at most; eight of them in a random walk come
  // to 1e-6 forward, sqrt(2) times that on the way back, and twice for safety. A unit that switched
  // would add 1 / sqrt(units) at once, so the batch is one where none comes near.
  const Tolerance tolerance{2e-6, 3e-6};
  const std::uint64_t seed = steady_seed(context, network, image, 1e-5);
  expect_same([&](const Network& n, const SessionOptions& o) { return cpu_session(context, n, o); },
              context, network, image, vgg.taps, tolerance, seed);
}

const std::vector<std::string> kInner{"conv1_1", "relu1_1", "relu2_1", "pool2",
                                      "conv3_2", "fc1",     "fc2"};
INSTANTIATE_TEST_SUITE_P(
    Builds, CpuSmallVgg,
    testing::Values(VggCase{"fused", false, 3, {"fc2"}}, VggCase{"tapped", false, 1, kInner},
                    VggCase{"norm_fused", true, 1, {"relu3_2", "fc2"}},
                    VggCase{"norm_tapped", true, 3, {"conv1_2", "bn2_1", "relu2_2", "bn3_2"}}),
    [](const auto& test) { return test.param.name; });

TEST(CpuFusion, StopsAtTaps) {
  const Context context({.device = "cpu"});
  const Shape image{1, 3, 21, 18};
  const Network network = random_network(small_vgg(true), image, 3);
  const auto steps = [&](std::vector<std::string> taps) {
    return cpu_session(context, network, {.height = 21, .width = 18, .taps = std::move(taps)})
        .steps()
        .size();
  };
  // normalise, conv+bn+relu, conv+bn+relu, pool; each tap inside a chain cuts it once.
  EXPECT_EQ(steps({"pool1"}), 4U);
  EXPECT_EQ(steps({"conv1_1", "pool1"}), 6U) << "bn and relu stand apart behind the tap";
  EXPECT_EQ(steps({"bn1_1", "pool1"}), 5U);
  EXPECT_EQ(steps({"relu1_1", "pool1"}), 4U);
}

}  // namespace
}  // namespace phosphene::reference
