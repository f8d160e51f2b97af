// That cuDNN plans every convolution of VGG-19 and of ResNet's kinds, in each precision, fused and
// back, without nondeterministic engines and within the workspace: asked of cuDNN's heuristics for
// a described H100, so that no GPU is needed. Nothing is executed here.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <tuple>
#include <vector>

#include "engine/cuda/cudnn_graph.hpp"
#include "phosphene/error.hpp"
#include "tests/cuda/device_properties.hpp"
#include "tests/cuda/print.hpp"
#include "tests/reference/node_cases.hpp"

namespace phosphene::cuda {
namespace {

const PlanTarget& h100() {
  static const PlanTarget target = PlanTarget::from_properties(kH100Properties);
  return target;
}

ConvProblem conv(std::int64_t n, std::int64_t in, std::int64_t out, int size, int kernel,
                 int stride = 1) {
  const int pad = kernel / 2;
  const std::int64_t side = (size + 2 * pad - kernel) / stride + 1;
  ConvProblem problem;
  problem.x = {n, in, size, size};
  problem.w = {out, in, kernel, kernel};
  problem.y = {n, out, side, side};
  problem.window.kernel = {kernel, kernel};
  problem.window.stride = {stride, stride};
  problem.window.pad = Padding::all(pad);
  return problem;
}

/// The convolutions of VGG-19, each shape once, and of ResNet-50.
std::vector<ConvProblem> networks() {
  std::vector<ConvProblem> problems;
  for (const std::int64_t n : {1, 64}) {
    for (const int size : {224, 512}) {
      problems.push_back(conv(n, 3, 64, size, 3));
      problems.push_back(conv(n, 64, 64, size, 3));
      problems.push_back(conv(n, 64, 128, size / 2, 3));
      problems.push_back(conv(n, 128, 128, size / 2, 3));
      problems.push_back(conv(n, 128, 256, size / 4, 3));
      problems.push_back(conv(n, 256, 256, size / 4, 3));
      problems.push_back(conv(n, 256, 512, size / 8, 3));
      problems.push_back(conv(n, 512, 512, size / 8, 3));
      problems.push_back(conv(n, 512, 512, size / 16, 3));
    }
    problems.push_back(conv(n, 3, 64, 224, 7, 2));
    problems.push_back(conv(n, 64, 256, 56, 1));
    problems.push_back(conv(n, 128, 128, 56, 3, 2));
    problems.push_back(conv(n, 256, 512, 56, 1, 2));
    problems.push_back(conv(n, 512, 2048, 7, 1));
  }
  return problems;
}

/// What a step asks of cuDNN.
enum class Pattern { fused, fused_residual, input_gradient };

void PrintTo(Pattern pattern, std::ostream* out) {
  const char* const names[] = {"fused", "fused_residual", "input_gradient"};
  *out << names[static_cast<std::size_t>(pattern)];
}

ConvProblem with_pattern(ConvProblem problem, Precision precision, Pattern pattern) {
  problem.precision = precision;
  if (pattern == Pattern::input_gradient) {
    problem.direction = ConvDirection::input_gradient;
  } else {
    problem.bias = problem.relu = true;
    problem.residual = pattern == Pattern::fused_residual;
  }
  return problem;
}

using Plans = testing::TestWithParam<std::tuple<Precision, Pattern>>;

TEST_P(Plans, ExistAreDeterministicAndKeepToTheWorkspace) {
  const auto [precision, pattern] = GetParam();
  std::size_t most = 0;
  for (const ConvProblem& shape : networks()) {
    const ConvProblem problem = with_pattern(shape, precision, pattern);
    SCOPED_TRACE(to_string(problem));
    const PlanLimits limits = limits_for(problem);
    const std::vector<ConvPlan> plans = plan_conv(h100(), problem, limits);
    ASSERT_EQ(plans.size(), 1U);
    const ConvPlan& plan = plans.front();
    EXPECT_FALSE(plan.has(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC));
    EXPECT_LE(plan.workspace(), limits.preferred_workspace);
    const bool tensor_cores = plan.has(CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
    EXPECT_FALSE(precision == Precision::fp32 && tensor_cores) << "fp32 must not become TF32";
    if (problem.x.c > 3) {  // of an image's channels a direct engine may make more
      EXPECT_TRUE(precision == Precision::fp32 || tensor_cores);
    }
    most = std::max(most, plan.workspace());
    // Tying a plan to pointers runs nothing, but cuDNN checks what it is given.
    alignas(16) static char array[16];
    ConvPointers pointers{array, array, array, nullptr, nullptr, array};
    if (problem.bias) pointers.bias = array;
    if (problem.residual) pointers.residual = array;
    EXPECT_NO_THROW(ConvCall(plan, pointers));
  }
  std::cout << networks().size() << " plans, largest workspace " << (most >> 20) << " MiB\n";
}

std::string parameter_name(const testing::TestParamInfo<Plans::ParamType>& info) {
  const auto [precision, pattern] = info.param;
  return testing::PrintToString(precision) + "_" + testing::PrintToString(pattern);
}
INSTANTIATE_TEST_SUITE_P(Networks, Plans,
                         testing::Combine(testing::Values(Precision::fp32, Precision::tf32,
                                                          Precision::bf16),
                                          testing::Values(Pattern::fused, Pattern::fused_residual,
                                                          Pattern::input_gradient)),
                         parameter_name);

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
      ConvProblem shape;
      shape.x = shapes[static_cast<std::size_t>(graph[i].inputs[0])];
      shape.y = shapes[static_cast<std::size_t>(i)];
      shape.w = {node->out_channels, shape.x.c / node->groups, node->window.kernel.h,
                 node->window.kernel.w};
      shape.window = node->window;
      shape.groups = node->groups;
      for (const Precision precision : {Precision::fp32, Precision::tf32, Precision::bf16}) {
        for (const Pattern pattern : {Pattern::fused, Pattern::input_gradient}) {
          const ConvProblem problem = with_pattern(shape, precision, pattern);
          EXPECT_EQ(plan_conv(h100(), problem, {}).size(), 1U)
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
  const std::vector<ConvPlan> plans = plan_conv(h100(), problem, limits, 100);
  return std::any_of(plans.begin(), plans.end(), [&](const ConvPlan& p) { return p.has(note); });
}

// Without the filters these engines would be taken: what the tests above expect is not for free.
TEST(PlanFilters, KeepOutWhatCudnnOffers) {
  const ConvProblem back =
      with_pattern(conv(1, 3, 64, 224, 3), Precision::tf32, Pattern::input_gradient);
  EXPECT_TRUE(offers(back, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC, false));
  EXPECT_FALSE(offers(back, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC, true));

  const ConvProblem tf32 = with_pattern(conv(1, 64, 64, 224, 3), Precision::tf32, Pattern::fused);
  EXPECT_TRUE(offers(tf32, CUDNN_NUMERICAL_NOTE_TENSOR_CORE, true));
  const ConvProblem fp32 = with_pattern(conv(1, 64, 64, 224, 3), Precision::fp32, Pattern::fused);
  EXPECT_FALSE(offers(fp32, CUDNN_NUMERICAL_NOTE_TENSOR_CORE, true));
}

TEST(PlanFilters, KeepToTheWorkspace) {
  const ConvProblem problem =
      with_pattern(conv(1, 64, 64, 224, 3), Precision::fp32, Pattern::input_gradient);
  const std::vector<ConvPlan> free = plan_conv(h100(), problem, {}, 100);
  const auto needs = [](const ConvPlan& plan) { return plan.workspace() > 0; };
  EXPECT_TRUE(std::any_of(free.begin(), free.end(), needs));
  PlanLimits none;
  none.preferred_workspace = none.most_workspace = 0;
  const std::vector<ConvPlan> kept = plan_conv(h100(), problem, none, 100);
  EXPECT_FALSE(kept.empty());
  EXPECT_TRUE(std::none_of(kept.begin(), kept.end(), needs));

  PlanLimits split;  // over what is preferred, but not over the most: the heuristics' first
  split.preferred_workspace = 0;
  split.most_workspace = std::size_t{1} << 30;
  EXPECT_EQ(plan_conv(h100(), problem, split).size(), 1U);
}

std::string refusal(const ConvProblem& problem) {
  try {
    return std::to_string(plan_conv(h100(), problem, {}).size()) + " plans";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(PlanErrors, ContradictionsAreRefused) {
  for (const Pattern pattern : {Pattern::fused, Pattern::input_gradient}) {
    const ConvProblem good = with_pattern(conv(1, 128, 256, 56, 3), Precision::bf16, pattern);
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
  }
}

TEST(PlanErrors, AreOneLine) {
  ConvProblem problem = conv(1, 8, 8, 16, 3);
  problem.y.w += 1;
  EXPECT_EQ(refusal(problem).find('\n'), std::string::npos);
}

}  // namespace
}  // namespace phosphene::cuda
