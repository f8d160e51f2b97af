// The methods that explain a classifier on the GPU against the CPU: the bundled network on drawn
// pictures, by relative L2, since one unit that switches makes the largest difference meaningless.
#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/ops/occlude.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/datasets/shapes.hpp"
#include "phosphene/framing.hpp"
#include "phosphene/methods/cam.hpp"
#include "phosphene/methods/occlusion.hpp"
#include "phosphene/methods/saliency.hpp"
#include "phosphene/models.hpp"
#include "tests/cuda/gpu.hpp"
#include "tests/cuda/print.hpp"

namespace phosphene::cuda {
namespace {

using reference::relative_l2;
using reference::Values;

constexpr std::int64_t kCount = 8;  // pictures, one a class

/// By relative L2. The network is eight products deep, and a feature map or a logit is a sum of
/// mixed sign that may be half of its terms: `maps` is twice the error of the products. With u the
/// roundoff of a factor or a store (nodes_gpu_test.cpp):
///   fp32  1e-6 a product, 8e-6 in all.
///   tf32  factors of 10 bits, perhaps cut off: 1e-3 a product, of one sign, 8e-3 in all.
///   bf16  factors and stored maps of 8 bits, to nearest: 3e-3 a layer of either sign,
///         sqrt(8) 3e-3 = 8.5e-3 in all.
/// A gradient passes seven layers of ReLUs, in each of which a share of 0.6 e of the units switches
/// that lie within the error e of zero, and takes its part of the gradient along. With e = k 1e-3
/// behind k products of tf32, and sqrt(k) 3e-3 of bf16, that is sqrt(0.6 * 28e-3) = 0.13 and
/// sqrt(0.6 * 13.5 * 3e-3) = 0.16; half of the units are off, so that a part is twice as large:
/// times sqrt(2). In fp32 it is a unit or two of the 9e5 of eight pictures, whose part is at most
/// 1 / sqrt(3000) of one picture's, in the last layer, and sqrt(8) less of all: 7e-3.
struct MethodTolerance {
  double maps, gradients;
};
MethodTolerance tolerance_of(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return {2e-5, 7e-3};
    case Precision::tf32:
      return {1.6e-2, 0.19};
    case Precision::bf16:
      return {1.7e-2, 0.23};
  }
  throw std::logic_error("precision");
}

Tensor pictures() {
  Tensor batch = Tensor::host({kCount, 3, kShapesSize, kShapesSize});
  for (std::int64_t i = 0; i < kCount; ++i) {
    const ShapesSample sample = shapes(5, static_cast<std::uint64_t>(i));
    std::copy_n(sample.image.data(), sample.image.count(), batch.data() + i * sample.image.count());
  }
  return batch;
}

std::vector<std::int64_t> channels(const SaliencyResult& result) {
  std::vector<std::int64_t> all;
  for (const Neuron& neuron : result.neurons) all.push_back(neuron.channel);
  return all;
}

class GpuMethods : public testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    skip_without_gpu();
    if (!IsSkipped()) gpu_ = std::make_unique<Context>(options("cuda", GetParam()));
  }

  static ContextOptions options(const char* device, Precision precision) {
    return {.device = device, .precision = precision, .seed = 3};
  }

  /// Three images at a time: the last batch is not full.
  void expect_saliency(SaliencyMethod method, const Target& target, int samples) {
    SCOPED_TRACE(target.layer);
    const SaliencyOptions how{
        .method = method, .target = target, .samples = samples, .sigma = 0.1F};
    const auto run = [&](const Context& context) {
      return Saliency(context, network_, kShapesSize, kShapesSize, 3, how)(pictures_);
    };
    const SaliencyResult expected = run(cpu_), actual = run(*gpu_);
    EXPECT_EQ(channels(actual), channels(expected));
    EXPECT_LE(
        relative_l2(reference::read(actual.attribution), reference::read(expected.attribution)),
        tolerance_.gradients);
  }

  void expect_cam(CamMethod method, const std::string& layer, double tolerance) {
    SCOPED_TRACE(layer);
    const CamOptions how{.method = method, .layer = layer, .classes = {2, 5}};
    const auto run = [&](const Context& context) {
      return Cam(context, network_, kShapesSize, kShapesSize, 3, how)(pictures_);
    };
    const CamResult expected = run(cpu_), actual = run(*gpu_);
    ASSERT_EQ(actual.maps.size(), expected.maps.size());
    for (std::size_t k = 0; k < expected.maps.size(); ++k) {
      EXPECT_LE(relative_l2(reference::read(actual.maps[k]), reference::read(expected.maps[k])),
                tolerance)
          << "class " << how.classes[k];
    }
  }

  Values logits(const Context& context) const {
    const Classifier classifier = make_classifier(context, network_, kShapesSize, kShapesSize, 3);
    return host_values(context, classifier(ops::to_device(context, pictures_)));
  }

  const Context cpu_{options("cpu", Precision::fp32)};
  std::unique_ptr<Context> gpu_;
  const Network network_ = load_network({.weights = "shapes"});
  const Tensor pictures_ = pictures();
  const MethodTolerance tolerance_ = tolerance_of(GetParam());
};

TEST_P(GpuMethods, ClassScoresAgree) {
  const Values expected = logits(cpu_), actual = logits(*gpu_);
  EXPECT_LE(relative_l2(actual, expected), tolerance_.maps);
  EXPECT_EQ(logits(*gpu_), actual) << "the same bytes twice";
}

TEST_P(GpuMethods, GradientsAgree) {
  expect_saliency(SaliencyMethod::gradient, {}, 0);
  expect_saliency(SaliencyMethod::guided_backprop, {}, 0);
  expect_saliency(SaliencyMethod::gradient, {"layer3.0.add", 7, 3, 4}, 0);
}

TEST_P(GpuMethods, MeansOfGradientsAgree) {
  expect_saliency(SaliencyMethod::smoothgrad, {}, 4);
  expect_saliency(SaliencyMethod::integrated_gradients, {}, 5);
}

TEST_P(GpuMethods, ClassActivationMapsAgree) {
  expect_cam(CamMethod::cam, "", tolerance_.maps);
  // The gradient at the last feature maps is that of a mean and a product: nothing switches.
  expect_cam(CamMethod::grad_cam, "", tolerance_.maps);
  expect_cam(CamMethod::grad_cam, "layer2.0", tolerance_.gradients);
  expect_cam(CamMethod::guided_grad_cam, "", tolerance_.gradients);
}

/// A drop is the difference of two scores, each off by the error of the logits: what counts is the
/// error by the logits' scale, at most 2 times `maps`.
TEST_P(GpuMethods, OcclusionsAgree) {
  double scale = 0;
  const Values scores = logits(cpu_);
  for (const double v : scores) scale += v * v / static_cast<double>(scores.size());
  scale = std::sqrt(scale);
  for (const OcclusionBaseline baseline : {OcclusionBaseline::grey, OcclusionBaseline::noise}) {
    for (const OcclusionEngine engine : {OcclusionEngine::dense, OcclusionEngine::incremental}) {
      SCOPED_TRACE(engine == OcclusionEngine::dense ? "dense" : "incremental");
      OcclusionOptions how{.patch = {17, 14}, .stride = {9, 8}, .baseline = baseline};
      how.score = OcclusionScore::logit;
      how.engine = engine;
      const auto run = [&](const Context& context) {
        Occlusion occlusion(context, network_, kShapesSize, kShapesSize, how);
        return occlusion.run(ops::slot(pictures_, 4), 4);
      };
      const OcclusionResult expected = run(cpu_), actual = run(*gpu_);
      EXPECT_EQ(actual.predicted, expected.predicted);
      EXPECT_NEAR(actual.clean, expected.clean, tolerance_.maps * scale);
      const Values of = reference::read(expected.grid), got = reference::read(actual.grid);
      ASSERT_EQ(got.size(), of.size());
      double squares = 0;
      for (std::size_t i = 0; i < of.size(); ++i) squares += (got[i] - of[i]) * (got[i] - of[i]);
      EXPECT_LE(std::sqrt(squares / static_cast<double>(of.size())), 2 * tolerance_.maps * scale);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, GpuMethods,
                         testing::Values(Precision::fp32, Precision::tf32, Precision::bf16),
                         testing::PrintToStringParamName());

/// What no precision changes.
class GpuInputs : public GpuTest {
 protected:
  const Context cpu_{{.device = "cpu", .seed = 3}};
};

TEST_F(GpuInputs, CropsAreTheSameBytes) {
  const Context gpu({.device = "cuda"});
  const Tensor photo = noise({1, 3, 37, 64}, 1);
  const auto cropped = [&](const Context& context) {
    return host_values(context, ops::crop(context, ops::to_device(context, photo), 3, 5, 31, 47));
  };
  EXPECT_EQ(cropped(gpu), cropped(cpu_));
  // Its short side is kept: a crop and no interpolation.
  EXPECT_EQ(host_values(gpu, frame(gpu, photo, 37)), host_values(cpu_, frame(cpu_, photo, 37)));
}

/// Off by (taps + taps + 8) x 2^-24 on each side (tests/kernels/resize_test.cpp), with
/// 2 x 97 / 40 + 2 < 7 taps along either axis.
TEST_F(GpuInputs, FramesAgree) {
  const Context gpu({.device = "cuda"});
  const Tensor photo = noise({1, 3, 97, 141}, 2);
  const Values expected = host_values(cpu_, frame(cpu_, photo, 40));
  const Values actual = host_values(gpu, frame(gpu, photo, 40));
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], 2 * (7 + 7 + 8) * 0x1p-24) << i;
  }
}

/// Uniform numbers are words of Philox and one exact product.
TEST_F(GpuInputs, NoiseThatHidesIsTheSameBytes) {
  const Context gpu({.device = "cuda", .seed = 3});
  const Tensor image = noise({1, 3, 30, 41}, 4);
  const std::vector<ops::OccludedView> views{{{-3, 4, 11, 9}, 0}, {{20, 30, 40, 40}, 7}};
  const auto hidden = [&](const Context& context) {
    const Tensor x = ops::to_device(context, image);
    const ops::OccludedViews places(context, views);
    Tensor copies = context.empty({2, 3, 30, 41});
    ops::occlude(context, x, places, 0, {nullptr, 9}, copies);
    return host_values(context, copies);
  };
  EXPECT_EQ(hidden(gpu), hidden(cpu_));
}

/// Normal ones are made with a logarithm, a root, a sine and a cosine of either library: off by
/// 110 x 2^-24 (tests/kernels/normal_noise_test.cpp) on each side.
TEST_F(GpuInputs, NormalNoiseAgrees) {
  const Context gpu({.device = "cuda", .seed = 3});
  const Tensor image = noise({1, 3, 30, 41}, 5);
  const auto noisy = [&](const Context& context) {
    const Tensor x = ops::to_device(context, image);
    Tensor y = context.empty(image.shape());
    ops::add_normal_noise(context, x, 0.15F, 11, 2, y);
    return host_values(context, y);
  };
  const Values expected = noisy(cpu_), actual = noisy(gpu);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], 2 * (0.15 * 116 + 3) * 0x1p-24) << i;
  }
}

}  // namespace
}  // namespace phosphene::cuda
