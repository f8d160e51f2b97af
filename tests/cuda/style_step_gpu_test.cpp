// A whole step of style transfer on the GPU: against the CPU, replayed as a CUDA graph, and twice.
#include <array>

#include "engine/core/backend.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/optimise.hpp"
#include "tests/cuda/gpu.hpp"
#include "tests/cuda/print.hpp"

namespace phosphene::cuda {
namespace {

using reference::relative_l2;
using reference::Values;

constexpr Shape kImage{1, 3, 47, 52};  // odd, and no multiple of a pool
const std::vector<std::string> kTaps{"relu1_1", "relu2_1", "relu3_1", "relu3_2"};

/// Two convolutions a level, three levels.
Graph small_vgg() {
  Graph graph(3);
  graph.then("normalise",
             op::Normalise{.mean = {0.48F, 0.46F, 0.41F}, .std = {0.23F, 0.22F, 0.22F}});
  std::int64_t channels = 16;
  for (int level = 1; level <= 3; ++level, channels *= 2) {
    for (int i = 1; i <= 2; ++i) {
      const std::string id = std::to_string(level) + "_" + std::to_string(i);
      graph.then(
          "conv" + id,
          op::Conv{.window = {.kernel = {3, 3}, .pad = Padding::all(1)}, .out_channels = channels},
          "conv" + id);
      graph.then("relu" + id, op::Relu{});
    }
    graph.then("pool" + std::to_string(level),
               op::MaxPool{.window = {.kernel = {2, 2}, .stride = {2, 2}}});
  }
  return graph;
}

/// Style at three layers, content at the deepest, total variation; the image starts as noise.
class StyleStep {
 public:
  StyleStep(const Context& context, const Network& network, std::unique_ptr<Updater> updater)
      : context_(context),
        session_(context, network,
                 {.height = kImage.h, .width = kImage.w, .batch = 1, .taps = kTaps}) {
    problem_.session = &session_;
    problem_.updater = std::move(updater);
    session_.forward(noise(kImage, 11), 1);
    for (const std::string tap : {"relu1_1", "relu2_1", "relu3_1"}) {
      const Tensor& features = session_.tap(tap);
      const Shape& shape = features.shape();
      const float factor = 1 / static_cast<float>(shape.c * shape.pixels());
      Tensor gram = context.empty({1, 1, shape.c, shape.c});
      Tensor scratch = ops::gram_scratch(context, shape);
      ops::gram(context, features, factor, scratch, gram);
      context.synchronize();  // before the scratch goes
      std::vector<GramTarget> targets;
      targets.push_back({std::move(gram), 1e3F});
      problem_.objectives.push_back(gram_match(context, shape, tap, std::move(targets), factor));
    }
    session_.forward(noise(kImage, 12), 1);
    problem_.objectives.push_back(
        feature_match(context, "relu3_2", ops::clone(context, session_.tap("relu3_2")), 1e-2F));
    problem_.regularisers.push_back(total_variation(context, 1e-2F, 2));
    restart();
  }

  void restart() { ops::copy(context_, noise(kImage, 13), session_.image()); }
  void step() { iterate(problem_); }
  std::unique_ptr<Recording> record() {
    return backend_of(context_).record([this] { step(); });
  }
  const Tensor& image() { return session_.image(); }
  std::vector<unsigned char> image_bytes() { return bytes_of(context_, image()); }
  /// Of the objectives and the regulariser.
  Values losses() const {
    Values values;
    for (const auto& objective : problem_.objectives) {
      values.push_back(read_scalar(context_, objective->loss()));
    }
    values.push_back(read_scalar(context_, problem_.regularisers.front()->loss()));
    return values;
  }

 private:
  const Context& context_;
  Session session_;
  Problem problem_;
};

Network network() { return reference::random_network(small_vgg(), kImage, 7); }

Values minus(Values a, const Values& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}

class GpuStyleStep : public testing::TestWithParam<Precision> {
 protected:
  void SetUp() override { skip_without_gpu(); }
};

/// Of the losses, and of the image's change by relative L2. A style loss is of the fourth order in
/// features that are up to five products deep: 20 times the error of a product where that is of one
/// sign (tf32, 1e-3), sqrt(20) times where not (bf16, 3e-3). In the gradient a share of the units
/// switches that is 0.6 times the error (nodes_gpu_test.cpp), in each of nine layers:
/// sqrt(9 * 0.6 * e) with e = 1e-6, 1e-3, 8e-3.
struct StepTolerance {
  double losses, change;
};
StepTolerance tolerance_of(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return {1e-4, 5e-3};
    case Precision::tf32:
      return {2e-2, 0.1};
    case Precision::bf16:
      return {4e-2, 0.25};
  }
  throw std::logic_error("precision");
}

TEST_P(GpuStyleStep, AgreesWithTheCpu) {
  const StepTolerance tolerance = tolerance_of(GetParam());
  const Context cpu({.device = "cpu"}), gpu({.device = "cuda", .precision = GetParam()});
  const Network net = network();
  constexpr float kRate = 1e-3F;
  StyleStep on_cpu(cpu, net, gradient_descent(cpu, kRate));
  StyleStep on_gpu(gpu, net, gradient_descent(gpu, kRate));
  const Values start = host_values(cpu, on_cpu.image());
  ASSERT_EQ(host_values(gpu, on_gpu.image()), start);
  on_cpu.step();
  on_gpu.step();
  const Values expected = on_cpu.losses(), actual = on_gpu.losses();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(actual[i] / expected[i], 1, tolerance.losses) << "loss " << i;
  }
  const Values change = minus(host_values(cpu, on_cpu.image()), start);
  EXPECT_LE(relative_l2(minus(host_values(gpu, on_gpu.image()), start), change), tolerance.change);
}

TEST_P(GpuStyleStep, ReplayedAsAGraphGivesTheSameBytes) {
  const Context gpu({.device = "cuda", .precision = GetParam()});
  const Network net = network();
  StyleStep eager(gpu, net, adam(gpu, kImage, 0.05F));
  StyleStep replayed(gpu, net, adam(gpu, kImage, 0.05F));
  constexpr int kSteps = 4;
  for (int i = 0; i < kSteps; ++i) eager.step();
  replayed.step();
  const auto recording = replayed.record();
  for (int i = 1; i < kSteps; ++i) recording->replay();
  EXPECT_EQ(replayed.image_bytes(), eager.image_bytes());
  EXPECT_EQ(replayed.losses(), eager.losses());
}

TEST_P(GpuStyleStep, TwiceGivesTheSameBytes) {
  std::array<std::vector<unsigned char>, 2> images;
  for (auto& image : images) {
    const Context gpu({.device = "cuda", .precision = GetParam()});
    const Network net = network();
    StyleStep run(gpu, net, lbfgs(gpu, kImage, 10, 1));
    for (int i = 0; i < 5; ++i) run.step();
    image = run.image_bytes();
  }
  EXPECT_EQ(images[0], images[1]);
}

INSTANTIATE_TEST_SUITE_P(Precisions, GpuStyleStep,
                         testing::Values(Precision::fp32, Precision::tf32, Precision::bf16),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace phosphene::cuda
