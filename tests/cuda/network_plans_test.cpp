// That cuDNN plans every distinct convolution of the networks of network_convs.hpp, at batch 1 and
// 64, forward with its epilogue and back, in each precision: deterministic and within the workspace
// that the lowering prefers. Asked through the lowering's plan_conv, of cuDNN's heuristics for
// described devices, so that no GPU is needed. Nothing is executed here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "engine/cuda/cudnn_graph.hpp"
#include "tests/cuda/device_properties.hpp"
#include "tests/cuda/network_convs.hpp"
#include "tests/cuda/print.hpp"

namespace phosphene::cuda {
namespace {

/// What the papers' authors and the keepers of their weights state, less BatchNorm, biases and
/// linear layers.
TEST(NetworkConvs, HoldTheWeightsThatAreStatedOfThem) {
  const std::map<std::string, std::int64_t> weights = {
      {"VGG-19", 20018880},      {"VGG-19 at 512", 20018880}, {"ResNet-18", 11166912},
      {"ResNet-50", 23454912},   {"GoogLeNet", 5966272},      {"SqueezeNet 1.1", 1231552},
      {"DenseNet-121", 6870208}, {"AlexNet", 2468544}};
  ASSERT_EQ(network_convs().size(), weights.size());
  for (const NetworkConvs& network : network_convs()) {
    EXPECT_EQ(network.weights(), weights.at(network.name)) << network.name;
  }
}

/// Every distinct problem of all networks, at both batches and in both directions.
std::vector<ConvProblem> distinct_problems(Precision precision) {
  std::vector<ConvProblem> problems;
  std::set<std::string> seen;
  for (const NetworkConvs& network : network_convs()) {
    for (const ConvProblem& conv : network.convs) {
      for (const std::int64_t batch : {1, 64}) {
        ConvProblem forward = with_batch(conv, batch);
        forward.precision = precision;
        ConvProblem gradient = forward;
        gradient.direction = ConvDirection::input_gradient;
        gradient.bias = gradient.relu = gradient.residual = false;
        for (const ConvProblem& problem : {forward, gradient}) {
          if (seen.insert(to_string(problem)).second) problems.push_back(problem);
        }
      }
    }
  }
  return problems;
}

using NetworkPlans = testing::TestWithParam<std::tuple<DeviceSpecification, Precision>>;

TEST_P(NetworkPlans, ExistAreDeterministicAndKeepToTheWorkspace) {
  const auto& [device, precision] = GetParam();
  const PlanTarget target = PlanTarget::from_properties(properties_json(device));
  const std::vector<ConvProblem> problems = distinct_problems(precision);
  std::size_t most = 0, on_tensor_cores = 0;
  for (const ConvProblem& problem : problems) {
    SCOPED_TRACE(to_string(problem));
    const PlanLimits limits = limits_for(problem);
    const std::vector<ConvPlan> plans = plan_conv(target, problem, limits);
    EXPECT_EQ(plans.size(), 1U);
    if (plans.empty()) continue;
    const ConvPlan& plan = plans.front();
    EXPECT_FALSE(plan.has(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC));
    EXPECT_LE(plan.workspace(), limits.preferred_workspace);
    on_tensor_cores += plan.has(CUDNN_NUMERICAL_NOTE_TENSOR_CORE) ? 1 : 0;
    most = std::max(most, plan.workspace());
    // Tying a plan to pointers runs nothing, but cuDNN checks what it is given.
    alignas(16) static char array[16];
    ConvPointers pointers{array, array, array, nullptr, nullptr, array};
    if (problem.bias) pointers.bias = array;
    if (problem.residual) pointers.residual = array;
    EXPECT_NO_THROW(ConvCall(plan, pointers));
  }
  if (precision == Precision::fp32) {
    EXPECT_EQ(on_tensor_cores, 0U) << "fp32 must not become TF32";
  } else {  // of few channels or small maps the heuristics may think direct engines faster
    EXPECT_GT(2 * on_tensor_cores, problems.size());
  }
  std::cout << problems.size() << " plans, " << on_tensor_cores
            << " on tensor cores, largest workspace " << (most >> 20) << " MiB\n";
}

std::string parameter_name(const testing::TestParamInfo<NetworkPlans::ParamType>& info) {
  const auto& [device, precision] = info.param;
  return device.test_name + ("_" + testing::PrintToString(precision));
}
INSTANTIATE_TEST_SUITE_P(Devices, NetworkPlans,
                         testing::Combine(testing::ValuesIn(kDevices),
                                          testing::Values(Precision::fp32, Precision::tf32,
                                                          Precision::bf16)),
                         parameter_name);

}  // namespace
}  // namespace phosphene::cuda
