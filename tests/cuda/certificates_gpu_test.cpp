// Interval bounds and smoothing on a GPU beside the CPU. Each device's bounds hold what the other
// computes: they are of fp32, whatever the order of its sums.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/bounds/interval_network.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/datasets/shapes.hpp"
#include "phosphene/methods/interval_bounds.hpp"
#include "phosphene/methods/smoothing.hpp"
#include "phosphene/models.hpp"
#include "tests/cuda/gpu.hpp"
#include "tests/reference/random_networks.hpp"

namespace phosphene::cuda {
namespace {

using reference::Values;

class CertificatesOnGpu : public GpuTest {
 protected:
  struct Bounds {
    Values low, high;
  };

  static Bounds bounds(const Context& context, const Network& network, const Tensor& image,
                       float epsilon, const std::string& tap) {
    const Shape& s = image.shape();
    bounds::IntervalNetwork intervals(context, network, s.h, s.w, s.n, tap);
    Tensor epsilons = Tensor::host({s.n, 1, 1, 1});
    std::fill_n(epsilons.data(), s.n, epsilon);
    intervals.forward(ops::to_device(context, image), ops::to_device(context, epsilons));
    return {host_values(context, intervals.low()), host_values(context, intervals.high())};
  }

  static Values outputs(const Context& context, const Network& network, const Tensor& image,
                        const std::string& tap) {
    const Shape& s = image.shape();
    Session session(context, network, {s.h, s.w, s.n, {tap}, false});
    session.forward(image, s.n);
    return host_values(context, session.tap(tap));
  }

  static bool has_bounds(const Graph& graph) {
    return std::ranges::none_of(
        graph.nodes(), [](const Node& node) { return std::holds_alternative<op::Lrn>(node.op); });
  }
};

TEST_F(CertificatesOnGpu, BoundsOfEitherDeviceHoldTheOther) {
  const Context gpu({.device = "cuda"}), cpu({.device = "cpu"});
  int tried = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const reference::RandomGraph made = reference::random_graph(seed);
    if (!has_bounds(made.graph)) continue;
    SCOPED_TRACE(reference::describe(made.graph));
    const Network network = reference::random_network(made.graph, made.image, seed);
    const Tensor image = noise(made.image, seed);
    for (const float epsilon : {0.0F, 2.0F / 255}) {
      const Bounds of_gpu = bounds(gpu, network, image, epsilon, made.tap);
      const Bounds of_cpu = bounds(cpu, network, image, epsilon, made.tap);
      EXPECT_LE(reference::relative_l2(of_gpu.low, of_cpu.low), 1e-4);
      EXPECT_LE(reference::relative_l2(of_gpu.high, of_cpu.high), 1e-4);
      for (const Context* context : {&gpu, &cpu}) {
        const Values y = outputs(*context, network, image, made.tap);
        for (const Bounds* b : {&of_gpu, &of_cpu}) {
          for (std::size_t i = 0; i < y.size(); ++i) {
            ASSERT_TRUE(b->low[i] <= y[i] && y[i] <= b->high[i]) << "element " << i;
          }
        }
      }
    }
    ++tried;
  }
  EXPECT_GT(tried, 10);
}

TEST_F(CertificatesOnGpu, MarginsAreTheCpus) {
  const Context gpu({.device = "cuda"}), cpu({.device = "cpu"});
  const Network network = load_network({.weights = "shapes"});
  const ShapesSample sample = shapes(2, 3);
  const std::vector<std::int64_t> label{sample.label};
  const std::vector<float> epsilon{1e-4F};
  IntervalBounds of_gpu(gpu, network, kShapesSize, kShapesSize, 1);
  IntervalBounds of_cpu(cpu, network, kShapesSize, kShapesSize, 1);
  const Values found = reference::read(of_gpu.margins(sample.image, label, epsilon));
  EXPECT_LE(
      reference::relative_l2(found, reference::read(of_cpu.margins(sample.image, label, epsilon))),
      1e-3);
}

/// The same draws; where a copy lies between two classes, rounding may decide.
TEST_F(CertificatesOnGpu, SmoothingCountsAsTheCpu) {
  const Context gpu({.device = "cuda", .seed = 4}), cpu({.device = "cpu", .seed = 4});
  const Network network = load_network({.weights = "shapes"});
  const ShapesSample sample = shapes(2, 3);
  const auto counts = [&](const Context& context) {
    Smoothing smoothing(context, make_classifier(context, network, kShapesSize, kShapesSize, 64),
                        kShapesSize, kShapesSize, 64, {.sigma = 0.2F});
    return smoothing.counts(sample.image, 5, 0, 256);
  };
  const std::vector<std::int64_t> of_gpu = counts(gpu), of_cpu = counts(cpu);
  ASSERT_EQ(of_gpu.size(), of_cpu.size());
  EXPECT_EQ(of_gpu, counts(gpu)) << "the same twice";
  for (std::size_t c = 0; c < of_gpu.size(); ++c) EXPECT_NEAR(of_gpu[c], of_cpu[c], 4) << c;
}

TEST_F(CertificatesOnGpu, TheSmoothedVictimsGradientIsTheCpus) {
  const Context gpu({.device = "cuda", .seed = 4}), cpu({.device = "cpu", .seed = 4});
  const Network network = load_network({.weights = "shapes"});
  const ShapesSample sample = shapes(2, 3);
  const std::vector<Draw> draws{{5, 1}};
  const auto gradient = [&](const Context& context) {
    const auto victim =
        smoothed(context, make_victim(context, network, kShapesSize, kShapesSize, 4), 0.1F, 4);
    const Tensor image = ops::to_device(context, sample.image);
    Tensor d_logits = Tensor::host({1, victim->classes(), 1, 1});
    std::fill_n(d_logits.data(), d_logits.count(), 0.0F);
    d_logits.data()[sample.label] = 1;
    const Tensor slopes = ops::to_device(context, d_logits);
    victim->forward(image, draws);
    return host_values(context, victim->backward(slopes));
  };
  EXPECT_LE(reference::relative_l2(gradient(gpu), gradient(cpu)), 0.02);
}

}  // namespace
}  // namespace phosphene::cuda
