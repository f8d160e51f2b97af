// The guided and deconvnet rules (Springenberg et al. 2015) on nets of four pixels, worked out by
// hand: standard d_x = d_y [x > 0], deconvnet d_x = d_y [d_y > 0], guided both.
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "tests/reference/fixtures.hpp"
#include "tests/reference/reference_lowering.hpp"

namespace phosphene::reference {
namespace {

struct Lowered {
  const char* name;
  std::function<std::unique_ptr<Lowering>(const Context&)> make;
};

class ReluRules : public testing::TestWithParam<Lowered> {
 protected:
  /// A graph on a 1 x 1 x 2 x 2 image whose Normalise is the identity.
  static Graph one_channel() {
    Graph graph(1);
    graph.then("normalise", op::Normalise{.mean = {0}, .std = {1}});
    return graph;
  }

  static int scale_by(Graph& graph, Weights& weights, const std::string& name, int from,
                      float weight, float bias) {
    weights.set(name + ".weight", {{1, 1, 1, 1}, {weight}});
    weights.set(name + ".bias", {{1}, {bias}});
    return graph.add(name, op::Conv{.out_channels = 1}, {from}, name);
  }

  void run(Graph graph, Weights weights, std::vector<std::string> taps) {
    network_ = std::make_unique<Network>(std::move(graph), std::move(weights));
    session_ = std::make_unique<Session>(
        context_, *network_, SessionOptions{.height = 2, .width = 2, .taps = std::move(taps)},
        GetParam().make(context_));
    write({1, 2, 3, 4}, session_->image());
    session_->forward();
  }

  Values gradient(const std::vector<Seed>& seeds, ReluRule rule, const char* wrt = "image") {
    return read(session_->backward(seeds, rule, wrt));
  }

  /// p = 2 x - 5 = (-3, -1, 1, 3), q = 3 - x = (2, 1, 0, -1).
  struct Branches {
    Graph graph;
    Weights weights;
    int p_relu, q_relu;
  };
  static Branches branches() {
    Branches b{one_channel(), {}, 0, 0};
    const int p = scale_by(b.graph, b.weights, "p", 1, 2, -5);
    b.p_relu = b.graph.add("p_relu", op::Relu{}, {p});
    const int q = scale_by(b.graph, b.weights, "q", 1, -1, 3);
    b.q_relu = b.graph.add("q_relu", op::Relu{}, {q});
    return b;
  }
  /// z = -(relu(p) + relu(q)): a seed s at z comes to both ReLUs as -s.
  void run_sum(std::vector<std::string> taps) {
    Branches b = branches();
    const int sum = b.graph.add("sum", op::Add{}, {b.p_relu, b.q_relu});
    scale_by(b.graph, b.weights, "z", sum, -1, 0);
    run(std::move(b.graph), std::move(b.weights), std::move(taps));
  }

  Context context_{ContextOptions{.device = "cpu"}};
  std::unique_ptr<Network> network_;
  std::unique_ptr<Session> session_;
};

TEST_P(ReluRules, MeetAtASumOfBranches) {
  run_sum({"z"});
  EXPECT_EQ(read(session_->tap("z")), (Values{-2, -1, -1, -3}));
  const std::vector seeds{seed_of("z", {1, -1, -1, 1})};
  // Both ReLUs receive (-1, 1, 1, -1); d_x = 2 d_p - d_q. At the third pixel q is 0: shut.
  EXPECT_EQ(gradient(seeds, ReluRule::standard), (Values{1, -1, 2, -2}));
  EXPECT_EQ(gradient(seeds, ReluRule::deconvnet), (Values{0, 1, 1, 0}));
  EXPECT_EQ(gradient(seeds, ReluRule::guided), (Values{0, -1, 2, 0}));
}

TEST_P(ReluRules, ApplyToASeedAndWhatComesFromDownstreamTogether) {
  run_sum({"p_relu", "z"});
  const std::vector seeds{seed_of("z", {1, -1, -1, 1}), seed_of("p_relu", {5, 0, -3, 0})};
  // relu(p) receives (-1, 1, 1, -1) + (5, 0, -3, 0) = (4, 1, -2, -1).
  EXPECT_EQ(gradient(seeds, ReluRule::standard), (Values{1, -1, -4, -2}));
  EXPECT_EQ(gradient(seeds, ReluRule::deconvnet), (Values{8, 1, -1, 0}));
  EXPECT_EQ(gradient(seeds, ReluRule::guided), (Values{0, -1, 0, 0}));
  for (const ReluRule rule : {ReluRule::standard, ReluRule::deconvnet, ReluRule::guided}) {
    EXPECT_EQ(gradient(seeds, rule, "p_relu"), (Values{4, 1, -2, -1})) << "before its own rule";
  }
}

TEST_P(ReluRules, ApplyBeforeThePreActivationIsReached) {
  run_sum({"p", "p_relu", "z"});
  const std::vector seeds{seed_of("z", {1, -1, -1, 1})};
  EXPECT_EQ(gradient(seeds, ReluRule::standard, "p"), (Values{0, 0, 1, -1}));
  EXPECT_EQ(gradient(seeds, ReluRule::deconvnet, "p"), (Values{0, 1, 1, 0}));
  EXPECT_EQ(gradient(seeds, ReluRule::guided, "p"), (Values{0, 0, 1, 0}));
}

TEST_P(ReluRules, TakeTheirOwnSliceOfAConcatenation) {
  Branches b = branches();
  b.graph.add("cat", op::Concat{}, {b.p_relu, b.q_relu});
  run(std::move(b.graph), std::move(b.weights), {"cat"});
  const std::vector seeds{seed_of("cat", {1, -2, 3, -4, -5, 6, 7, -8})};
  // standard: d_p = (0, 0, 3, -4), d_q = (-5, 6, 0, 0)
  EXPECT_EQ(gradient(seeds, ReluRule::standard), (Values{5, -6, 6, -8}));
  // deconvnet: d_p = (1, 0, 3, 0), d_q = (0, 6, 7, 0)
  EXPECT_EQ(gradient(seeds, ReluRule::deconvnet), (Values{2, -6, -1, 0}));
  // guided: d_p = (0, 0, 3, 0), d_q = (0, 6, 0, 0)
  EXPECT_EQ(gradient(seeds, ReluRule::guided), (Values{0, -6, 6, 0}));
}

TEST_P(ReluRules, ReachBothSidesOfAResidualSum) {
  Graph graph = one_channel();
  Weights weights;
  const int conv = scale_by(graph, weights, "conv", 1, -2, 3);  // (1, -1, -3, -5)
  graph.add("sum", op::Add{}, {conv, 1});                       // (2, 1, 0, -1)
  graph.then("relu", op::Relu{});
  run(std::move(graph), std::move(weights), {"relu"});
  EXPECT_EQ(session_->steps().size(), 2U) << "meant to run as normalise and one fused convolution";
  EXPECT_EQ(read(session_->tap("relu")), (Values{2, 1, 0, 0}));
  const std::vector seeds{seed_of("relu", {1, -1, 1, 1})};
  // d_x = -2 d + d, with d = (1, -1, 0, 0), (1, 0, 1, 1), (1, 0, 0, 0).
  EXPECT_EQ(gradient(seeds, ReluRule::standard), (Values{-1, 1, 0, 0}));
  EXPECT_EQ(gradient(seeds, ReluRule::deconvnet), (Values{-1, 0, -1, -1}));
  EXPECT_EQ(gradient(seeds, ReluRule::guided), (Values{-1, 0, 0, 0}));
}

TEST_P(ReluRules, LeaveTheLeakyReluItsOwnDerivative) {
  Graph graph = one_channel();
  Weights weights;
  scale_by(graph, weights, "p", 1, 2, -5);
  graph.then("leaky", op::LeakyRelu{.slope = .5F});
  run(std::move(graph), std::move(weights), {"leaky"});
  const std::vector seeds{seed_of("leaky", {1, -1, -1, 1})};
  for (const ReluRule rule : {ReluRule::standard, ReluRule::deconvnet, ReluRule::guided}) {
    EXPECT_EQ(gradient(seeds, rule), (Values{1, -1, -2, 2}));
  }
}

// All numbers are small integers and halves, which every lowering must get exactly.
INSTANTIATE_TEST_SUITE_P(
    Lowerings, ReluRules,
    testing::Values(Lowered{"reference_float",
                            [](const Context&) { return make_reference_lowering<float>(); }},
                    Lowered{"reference_double",
                            [](const Context&) { return make_reference_lowering<double>(); }},
                    Lowered{"cpu", make_cpu_lowering}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace phosphene::reference
