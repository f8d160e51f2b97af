// Every node type, forward and back, in the CUDA lowering against the CPU lowering: the same Graph
// and weights through two Sessions, compared by relative L2.
#include <algorithm>
#include <span>

#include "tests/cuda/gpu.hpp"
#include "tests/cuda/print.hpp"
#include "tests/reference/compare.hpp"
#include "tests/reference/node_cases.hpp"

namespace phosphene::cuda {
namespace {

using reference::NodeCase;
using reference::relative_l2;

/// How far the GPU may be from the CPU, by relative L2.
struct Tolerance {
  double forward;   ///< at a tap
  double smooth;    ///< of a gradient where nothing switches
  double switches;  ///< of a gradient through ReLUs or maxima
};

/// No case multiplies more than three times in a row. With u the roundoff of a factor or a store, a
/// product whose factors are rounded to nearest is off by about u sqrt(2 / 3), and a sum of such
/// with random signs by the same relative to itself.
///   fp32  u = 2^-24 is nothing beside the sums: up to 4608 terms in one accumulator are off by
///         sqrt(4608) u = 4e-6, Winograd's transforms by some 10 times a plain product.
///   tf32  tensor cores may cut the factors off after 10 bits: each is too small by 2^-11 in the
///         mean, all by the same sign: 1e-3 a product, 3e-3 in all.
///   bf16  u = 2^-9, maps and weights are stored so: 3e-3 a layer, 5e-3 to 1e-2 in all.
/// A unit that lies within the error of its switching point may switch, and its whole gradient is
/// then right in one and wrong in the other: with e the error, a share of about 0.6 e of the units
/// of a layer. A case has as few as some hundred units, of which one makes 1 / sqrt(100) and, in
/// bf16, several go. That the rest is right is for fp32 to show, whose code is the same.
Tolerance tolerance_of(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return {2e-5, 2e-5, 2e-5};  // the pixels are such that no unit is that near
    case Precision::tf32:
      return {5e-3, 5e-3, 0.15};
    case Precision::bf16:
      return {1.6e-2, 1.6e-2, 0.4};
  }
  throw std::logic_error("precision");
}

bool switches(const Graph& graph) {
  return std::any_of(graph.nodes().begin(), graph.nodes().end(), [](const Node& node) {
    return std::holds_alternative<op::Relu>(node.op) ||
           std::holds_alternative<op::LeakyRelu>(node.op) ||
           std::holds_alternative<op::Elu>(node.op) ||  // its slope jumps from alpha to 1
           std::holds_alternative<op::MaxPool>(node.op);
  });
}

SessionOptions options_of(const NodeCase& node_case) {
  const Shape& image = node_case.image;
  return {.height = image.h, .width = image.w, .batch = image.n, .taps = node_case.taps};
}

void expect_agreement(const Context& gpu, const NodeCase& node_case) {
  const auto& [name, graph, image, taps] = node_case;
  const Tolerance tolerance = tolerance_of(gpu.precision());
  const double gradient_tolerance = switches(graph) ? tolerance.switches : tolerance.smooth;

  const Context cpu({.device = "cpu"});
  const Network network = reference::random_network(graph, image, 5);
  Session on_cpu(cpu, network, options_of(node_case)), on_gpu(gpu, network, options_of(node_case));
  EXPECT_EQ(on_gpu.steps(), on_cpu.steps());

  Tensor images = Tensor::host(image);
  reference::write(reference::pixels_of(image, 1), images);
  on_cpu.forward(images, image.n);
  on_gpu.forward(images, image.n);

  std::vector<Seed> cpu_seeds, gpu_seeds;
  for (const std::string& tap : taps) {
    const Tensor& expected = on_cpu.tap(tap);
    EXPECT_LE(relative_l2(host_values(gpu, on_gpu.tap(tap)), host_values(cpu, expected)),
              tolerance.forward)
        << tap;
    const Tensor gradient = noise(expected.shape(), 1000 + cpu_seeds.size(), -1, 1);
    cpu_seeds.push_back(seed_with(cpu, tap, gradient));
    gpu_seeds.push_back(seed_with(gpu, tap, gradient));
  }

  std::vector<std::string> places{"image"};
  places.insert(places.end(), taps.begin(), taps.end() - 1);
  for (const std::string& place : places) {
    for (const ReluRule rule : {ReluRule::standard, ReluRule::deconvnet, ReluRule::guided}) {
      for (const std::size_t seeds : {std::size_t{1}, taps.size()}) {
        const auto last = [&](const std::vector<Seed>& all) {
          return std::span<const Seed>(all).last(seeds);
        };
        const auto expected = host_values(cpu, on_cpu.backward(last(cpu_seeds), rule, place));
        const auto actual = host_values(gpu, on_gpu.backward(last(gpu_seeds), rule, place));
        EXPECT_LE(relative_l2(actual, expected), gradient_tolerance)
            << "gradient at " << place << ", rule " << static_cast<int>(rule) << ", " << seeds
            << " seeds";
      }
    }
  }
}

/// A case that throws is one failure, and the others still run.
void expect_agreement(Precision precision, const std::vector<NodeCase>& cases) {
  const Context gpu({.device = "cuda", .precision = precision});
  for (const NodeCase& node_case : cases) {
    SCOPED_TRACE(node_case.name);
    EXPECT_NO_THROW(expect_agreement(gpu, node_case));
  }
}

class GpuNodes : public testing::TestWithParam<Precision> {
 protected:
  void SetUp() override { skip_without_gpu(); }
};

TEST_P(GpuNodes, AgreeWithTheCpu) { expect_agreement(GetParam(), reference::node_cases()); }
TEST_P(GpuNodes, ConvolutionsAgreeWithTheCpu) {
  expect_agreement(GetParam(), reference::conv_cases());
}
INSTANTIATE_TEST_SUITE_P(Precisions, GpuNodes,
                         testing::Values(Precision::fp32, Precision::tf32, Precision::bf16),
                         testing::PrintToStringParamName());

class GpuTuning : public GpuTest {};

// Tuning may take another plan, not another result.
TEST_F(GpuTuning, AgreesWithTheCpu) {
  const Context gpu({.device = "cuda", .tune = true});
  for (const NodeCase& node_case : reference::conv_cases()) {
    if (node_case.name != "vgg_inner" && node_case.name != "resnet_stem") continue;
    SCOPED_TRACE(node_case.name);
    expect_agreement(gpu, node_case);
  }
}

}  // namespace
}  // namespace phosphene::cuda
