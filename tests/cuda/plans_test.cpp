// What plan_conv takes and refuses: corner shapes, the filters, contradictions. Asked of cuDNN's
// heuristics for a described H200, so that no GPU is needed. Nothing is executed here; the plans of
// whole networks are in network_plans_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <vector>

#include "engine/cuda/cudnn_graph.hpp"
#include "phosphene/error.hpp"
#include "tests/cuda/device_properties.hpp"
#include "tests/cuda/network_convs.hpp"
#include "tests/reference/node_cases.hpp"

namespace phosphene::cuda {
namespace {

const PlanTarget& h200() {
  static const PlanTarget target = PlanTarget::from_properties(properties_json(kH200));
  return target;
}

ConvProblem conv(std::int64_t in, std::int64_t out, int size) {
  return square_conv(in, out, size, 3, 1, 1, true);
}

ConvProblem with(ConvProblem problem, Precision precision, ConvDirection direction) {
  problem.precision = precision;
  problem.direction = direction;
  problem.bias = problem.relu = direction == ConvDirection::forward;
  return problem;
}
constexpr ConvDirection kDirections[] = {ConvDirection::forward, ConvDirection::input_gradient};

// The convolutions that the tests on a GPU run: odd shapes, groups, dilation, four paddings.
TEST(PlansOfCorners, Exist) {
  std::vector<reference::NodeCase> cases = reference::conv_cases();
  const std::vector<reference::NodeCase>& nodes = reference::node_cases();
  cases.insert(cases.end(), nodes.begin(), nodes.end());
  int plans = 0;
  for (const reference::NodeCase& node_case : cases) {
    const Graph& graph = node_case.graph;
    const std::vector<Shape> shapes = graph.infer_shapes(node_case.image);
    for (int i = 0; i < graph.size(); ++i) {
      const auto* node = std::get_if<op::Conv>(&graph[i].op);
      if (!node) continue;
      const ConvProblem shape =
          conv_problem(*node, shapes[static_cast<std::size_t>(graph[i].inputs[0])],
                       shapes[static_cast<std::size_t>(i)]);
      for (const Precision precision : {Precision::fp32, Precision::tf32, Precision::bf16}) {
        for (const ConvDirection direction : kDirections) {
          const ConvProblem problem = with(shape, precision, direction);
          EXPECT_EQ(plan_conv(h200(), problem, {}).size(), 1U)
              << node_case.name << ": " << to_string(problem);
          ++plans;
        }
      }
    }
  }
  std::cout << plans << " plans\n";
}

bool offers(const ConvProblem& problem, cudnnBackendNumericalNote_t note, bool deterministic) {
  PlanLimits limits;
  limits.deterministic = deterministic;
  const std::vector<ConvPlan> plans = plan_conv(h200(), problem, limits, 100);
  return std::any_of(plans.begin(), plans.end(), [&](const ConvPlan& p) { return p.has(note); });
}

// Without the filters these engines would be taken: what the tests above expect is not for free.
TEST(PlanFilters, KeepOutWhatCudnnOffers) {
  const ConvProblem back = with(conv(3, 64, 224), Precision::tf32, ConvDirection::input_gradient);
  EXPECT_TRUE(offers(back, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC, false));
  EXPECT_FALSE(offers(back, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC, true));

  const ConvProblem tf32 = with(conv(64, 64, 224), Precision::tf32, ConvDirection::forward);
  EXPECT_TRUE(offers(tf32, CUDNN_NUMERICAL_NOTE_TENSOR_CORE, true));
  const ConvProblem fp32 = with(conv(64, 64, 224), Precision::fp32, ConvDirection::forward);
  EXPECT_FALSE(offers(fp32, CUDNN_NUMERICAL_NOTE_TENSOR_CORE, true));
}

TEST(PlanFilters, DirectConvolutionsAreNotTransformed) {
  for (ConvProblem problem : {with(conv(64, 64, 224), Precision::fp32, ConvDirection::forward),
                              with(conv(512, 512, 14), Precision::fp32, ConvDirection::forward)}) {
    const auto transformed = [&] {
      return offers(problem, CUDNN_NUMERICAL_NOTE_WINOGRAD, true) ||
             offers(problem, CUDNN_NUMERICAL_NOTE_FFT, true);
    };
    problem.direct = true;
    EXPECT_FALSE(transformed());
    EXPECT_EQ(plan_conv(h200(), problem, {}).size(), 1U);
  }
}

TEST(PlanFilters, KeepToTheWorkspace) {
  const ConvProblem problem =
      with(conv(64, 64, 224), Precision::fp32, ConvDirection::input_gradient);
  const std::vector<ConvPlan> free = plan_conv(h200(), problem, {}, 100);
  const auto needs = [](const ConvPlan& plan) { return plan.workspace() > 0; };
  EXPECT_TRUE(std::any_of(free.begin(), free.end(), needs));
  PlanLimits none;
  none.preferred_workspace = none.most_workspace = 0;
  const std::vector<ConvPlan> kept = plan_conv(h200(), problem, none, 100);
  EXPECT_FALSE(kept.empty());
  EXPECT_TRUE(std::none_of(kept.begin(), kept.end(), needs));

  PlanLimits split;  // over what is preferred, but not over the most: the heuristics' first
  split.preferred_workspace = 0;
  split.most_workspace = std::size_t{1} << 30;
  EXPECT_EQ(plan_conv(h200(), problem, split).size(), 1U);
}

std::string refusal(const ConvProblem& problem) {
  try {
    return std::to_string(plan_conv(h200(), problem, {}).size()) + " plans";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(PlanErrors, ContradictionsAreRefused) {
  for (const ConvDirection direction : kDirections) {
    const ConvProblem good = with(conv(128, 256, 56), Precision::bf16, direction);
    EXPECT_EQ(refusal(good), "1 plans");

    ConvProblem extent = good;
    extent.y.h -= 1;
    EXPECT_NE(refusal(extent).find("CUDNN_STATUS_BAD_PARAM"), std::string::npos) << refusal(extent);

    ConvProblem outputs = good;
    outputs.y.c -= 1;
    EXPECT_NE(refusal(outputs).find("CUDNN_STATUS_BAD_PARAM"), std::string::npos)
        << refusal(outputs);

    // Twice the channels of the filter: cuDNN would silently compute two groups.
    ConvProblem channels = good;
    channels.w.c = 64;
    EXPECT_NE(refusal(channels).find("x has 128 channels"), std::string::npos) << refusal(channels);
    channels.groups = 2;
    EXPECT_EQ(refusal(channels), "1 plans");
    channels.w.c = 48;  // which does not even divide them
    EXPECT_NE(refusal(channels).find("x has 128 channels"), std::string::npos) << refusal(channels);
  }
}

TEST(PlanErrors, AreOneLine) {
  ConvProblem problem = conv(8, 8, 16);
  problem.y.w += 1;
  EXPECT_EQ(refusal(problem).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace phosphene::cuda
