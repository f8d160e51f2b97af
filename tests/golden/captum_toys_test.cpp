// The numbers of Captum's own unit tests (tests/attr of its repository: test_occlusion,
// test_saliency, test_input_x_gradient, test_integrated_gradients_basic, layer/test_grad_cam,
// test_guided_backprop, test_deconvolution), on its toy networks.
//
// Not replayed: tests that compare Captum with autograd on random weights, or shapes alone, and so
// have no number (SoftmaxModel, NoiseTunnel, the _matching tests); inputs that are integers or have
// no extent, windows with too few or too many extents, a window over channels (types exclude them
// here); the gradient at two layers at once (multi_relu); Grad-CAM of a layer without spatial
// extent (linear0), which is refused here; guided Grad-CAM, which Captum enlarges to the nearest
// value and this bilinearly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "phosphene/error.hpp"
#include "phosphene/methods/cam.hpp"
#include "phosphene/methods/occlusion.hpp"
#include "phosphene/methods/saliency.hpp"
#include "tests/golden/captum_toys.hpp"

namespace phosphene::golden {
namespace {

using testing::ElementsAreArray;
using testing::FloatNear;
using testing::Pointwise;
using Floats = std::vector<float>;

/// Whole numbers and halves of at most a few hundred through sums of at most 18 of them: exact in
/// fp32, but for quotients by 9 or 16 windows.
constexpr float kExact = 1e-4F;

auto are(const Floats& want, float tolerance = kExact) {
  return Pointwise(FloatNear(tolerance), want);
}

Floats floats(const Tensor& tensor) { return {tensor.data(), tensor.data() + tensor.count()}; }

/// 0, 1, ... 15 as a picture of 4 x 4, and a second of ones beside it.
Tensor counting(int inputs) {
  Floats values(16);
  std::iota(values.begin(), values.end(), 0.F);
  values.resize(static_cast<std::size_t>(16 * inputs), 1);
  return image_of({1, inputs, 4, 4}, values);
}

class CaptumToys : public testing::Test {
 protected:
  Context context_{ContextOptions{.device = "cpu"}};
};

// --- Occlusion -----------------------------------------------------------------------------------

class CaptumOcclusion : public CaptumToys,
                        public testing::WithParamInterface<std::pair<OcclusionEngine, int>> {
 protected:
  /// Captum's attribution of channel `input` for class 0, with `baseline` put on this channel
  /// alone: the picture that occludes has the image's own values in the others.
  Floats occlude(const Network& network, const Tensor& image, Extent window, Extent stride,
                 const Floats& baseline = {0}, std::int64_t input = 0) {
    const Shape& shape = image.shape();
    Floats picture = floats(image);
    for (std::int64_t i = 0; i < shape.pixels(); ++i) {
      picture[static_cast<std::size_t>(input * shape.pixels() + i)] =
          baseline[static_cast<std::size_t>(i) % baseline.size()];
    }
    const Tensor hiding = image_of(shape, picture);
    Occlusion occlusion(context_, network, shape.h, shape.w,
                        {.patch = window,
                         .stride = stride,
                         .baseline = OcclusionBaseline::image,
                         .picture = &hiding,
                         .score = OcclusionScore::logit,
                         .target = 0,
                         .engine = GetParam().first,
                         .batch = GetParam().second});
    return floats(occlusion.run(image).map);
  }
};

TEST_P(CaptumOcclusion, OneVector) {
  const Network network = captum_multi_layer();
  const Tensor x = image_of({1, 1, 1, 3}, {20, 50, 30});
  EXPECT_THAT(occlude(network, x, {1, 1}, {1, 1}), are({80, 200, 120}));
  EXPECT_THAT(occlude(network, x, {1, 2}, {1, 1}, {10}), are({200, 220, 240}));
  EXPECT_THAT(occlude(network, x, {1, 2}, {1, 2}), are({280, 280, 120}));
  EXPECT_THAT(occlude(network, image_of({1, 1, 1, 3}, {2, 10, 3}), {1, 1}, {1, 1}),
              are({8, 35, 12}));
}

TEST_P(CaptumOcclusion, ThreeVectorsThatAreAdded) {
  const Network network = captum_multi_layer(3);
  const Tensor first = image_of({1, 3, 1, 3}, {23, 100, 0, 20, 50, 30, 0, 100, 10});
  const Tensor second = image_of({1, 3, 1, 3}, {20, 50, 30, 0, 100, 0, 2, 10, 3});
  const auto expect = [&](const Tensor& x, std::int64_t input, int window, int stride,
                          const Floats& baseline, const Floats& want) {
    EXPECT_THAT(occlude(network, x, {1, window}, {1, stride}, baseline, input), are(want))
        << "input " << input << ", window " << window;
  };
  expect(first, 0, 3, 1, {0}, {492, 492, 492});
  expect(first, 1, 1, 1, {0}, {80, 200, 120});
  expect(first, 2, 2, 1, {0}, {400, 420, 440});
  expect(second, 0, 3, 1, {0}, {400, 400, 400});
  expect(second, 1, 1, 1, {0}, {0, 400, 0});
  expect(second, 2, 2, 1, {0}, {48, 50, 52});

  expect(first, 0, 3, 2, {1, 4, 7}, {444, 444, 444});
  expect(first, 1, 1, 1, {3}, {68, 188, 108});
  expect(first, 2, 2, 2, {4}, {368, 368, 24});
  expect(second, 0, 3, 2, {3, 6, 9}, {328, 328, 328});
  expect(second, 1, 1, 1, {3}, {-12, 388, -12});
  expect(second, 2, 2, 2, {6}, {0, 0, -12});
}

TEST_P(CaptumOcclusion, DifferenceOfTwoNumbers) {
  const Network network = captum_difference();
  const Tensor low = image_of({1, 2, 1, 1}, {-10, -5}), high = image_of({1, 2, 1, 1}, {3, 1});
  for (const auto& [input, want] : {std::pair{0, 1.F}, std::pair{1, -1.F}}) {
    EXPECT_THAT(occlude(network, low, {1, 1}, {1, 1}, {0}, input), ElementsAreArray({0.F}));
    EXPECT_THAT(occlude(network, high, {1, 1}, {1, 1}, {0}, input), ElementsAreArray({want}));
  }
}

TEST_P(CaptumOcclusion, TwoPicturesThatAreAdded) {
  const Network network = captum_one_conv(2);
  const Tensor x = counting(2);
  EXPECT_THAT(occlude(network, x, {4, 4}, {4, 4}, {0}, 0), are(Floats(16, 67)));
  EXPECT_THAT(occlude(network, x, {4, 4}, {4, 4}, {0}, 1), are(Floats(16, 13)));
  EXPECT_THAT(occlude(network, x, {2, 3}, {2, 1}, {0}, 0),
              are({17, 17, 17, 17, 17, 17, 17, 17,  //
                   64, 65.5, 65.5, 67, 64, 65.5, 65.5, 67}));
  EXPECT_THAT(occlude(network, x, {1, 2}, {1, 2}, {0}, 1),
              are({3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 0, 0, 0, 0}));
}

TEST_P(CaptumOcclusion, StridesBeyondTheWindowAreRefused) {
  const Network network = captum_one_conv();
  const Tensor x = counting(1);
  EXPECT_THROW(occlude(network, x, {1, 2}, {2, 2}), UsageError);
  EXPECT_THROW(occlude(network, x, {4, 2}, {2, 3}), UsageError);
}

INSTANTIATE_TEST_SUITE_P(Engines, CaptumOcclusion,
                         testing::Values(std::pair{OcclusionEngine::dense, 1},
                                         std::pair{OcclusionEngine::dense, 3},
                                         std::pair{OcclusionEngine::incremental, 3}),
                         [](const auto& test) {
                           const bool dense = test.param.first == OcclusionEngine::dense;
                           return (dense ? "dense" : "incremental") +
                                  std::to_string(test.param.second);
                         });

// --- Gradients -----------------------------------------------------------------------------------

class CaptumGradients : public CaptumToys {
 protected:
  Floats attribution(SaliencyMethod method, const Network& network, const Tensor& images,
                     const Target& target, int samples = 0) {
    return floats(saliency(context_, network, images,
                           {.method = method, .target = target, .samples = samples})
                      .attribution);
  }
};

TEST_F(CaptumGradients, OneRelu) {
  const Network network = captum_one_relu();
  const Tensor x = image_of({6, 1, 1, 1}, {1, 2, 3, 0, -1, 7});
  EXPECT_THAT(attribution(SaliencyMethod::gradient, network, x, {}),
              ElementsAreArray(Floats{0, 0, 0, 1, 1, 0}));
  EXPECT_THAT(attribution(SaliencyMethod::gradient_x_input, network, x, {}),
              ElementsAreArray(Floats{0, 0, 0, 0, -1, 0}));
}

/// At the second of three places the score is 2 ReLU(x_1 - 1) - 3 ReLU(x_2) where that is above 0.
TEST_F(CaptumGradients, NeuronAtAPlace) {
  const Network network = captum_difference(2, 3);
  const Target target{"relu2", 0, 0, 1};
  const Tensor small = image_of({2, 2, 1, 3}, {1.5F, 2, 34.3F, 3, 3.5F, 23.2F,  //
                                               3.4F, 1.2F, 2, 2.3F, 1.2F, 0.3F});
  EXPECT_THAT(attribution(SaliencyMethod::gradient, network, small, target),
              ElementsAreArray(Floats(12, 0)));
  const Tensor large = image_of({2, 2, 1, 3}, {10.5F, 12, 34.3F, 1, 3.5F, 23.2F,  //
                                               43.4F, 51.2F, 32, 2.3F, 1.2F, 0.3F});
  EXPECT_THAT(attribution(SaliencyMethod::gradient, network, large, target),
              ElementsAreArray(Floats{0, 2, 0, 0, -3, 0, 0, 2, 0, 0, -3, 0}));
  EXPECT_THAT(attribution(SaliencyMethod::gradient_x_input, network, large, target),
              are({0, 24, 0, 0, -10.5F, 0, 0, 102.4F, 0, 0, -3.6F, 0}));
}

/// Captum's tolerance: the path has a kink, at which no quadrature is exact.
TEST_F(CaptumGradients, IntegratedGradients) {
  EXPECT_THAT(attribution(SaliencyMethod::integrated_gradients, captum_difference(),
                          image_of({1, 2, 1, 1}, {3, 1}), {"relu2", 0, 0, 0}, 1500),
              are({1.5F, -0.5F}, 0.05F));
  EXPECT_THAT(attribution(SaliencyMethod::integrated_gradients, captum_one_relu(),
                          image_of({3, 1, 1, 1}, {1, 0, -1}), {}, 1500),
              are({1, 0, -1}, 0.05F));
}

constexpr float kGuided[] = {0, 1, 1, 1, 1, 3, 3, 2, 1, 3, 3, 2, 1, 2, 2, 1};
constexpr float kGuidedOfTwo[] = {1, 2, 2, 1, 2, 4, 4, 2, 2, 4, 4, 2, 1, 2, 2, 1};
constexpr float kDeconvnet[] = {2, 3, 3, 1, 3, 5, 5, 2, 3, 5, 5, 2, 1, 2, 2, 1};

Floats twice(std::span<const float> map) {
  Floats both(map.begin(), map.end());
  both.insert(both.end(), map.begin(), map.end());
  return both;
}

TEST_F(CaptumGradients, GuidedBackprop) {
  for (const Target& target : {Target{"", 0}, Target{"fc1", 0}}) {
    EXPECT_THAT(
        attribution(SaliencyMethod::guided_backprop, captum_one_conv(), counting(1), target),
        ElementsAreArray(kGuided));
  }
  for (const Target& target : {Target{"", 0}, Target{"fc1", 3}}) {
    EXPECT_THAT(
        attribution(SaliencyMethod::guided_backprop, captum_one_conv(2), counting(2), target),
        ElementsAreArray(twice(kGuidedOfTwo)));
  }
}

TEST_F(CaptumGradients, Deconvnet) {
  for (const Target& target : {Target{"", 0}, Target{"fc1", 0}}) {
    EXPECT_THAT(attribution(SaliencyMethod::deconvnet, captum_one_conv(), counting(1), target),
                ElementsAreArray(kDeconvnet));
  }
  for (const Target& target : {Target{"", 0}, Target{"fc1", 3}}) {
    EXPECT_THAT(attribution(SaliencyMethod::deconvnet, captum_one_conv(2), counting(2), target),
                ElementsAreArray(twice(kDeconvnet)));
  }
}

// --- Grad-CAM ------------------------------------------------------------------------------------

class CaptumGradCam : public CaptumToys {
 protected:
  Floats cam(const Network& network, const Tensor& image, const std::string& layer,
             bool keep_negative) {
    return floats(class_activation(context_, network, image,
                                   {.method = CamMethod::grad_cam,
                                    .layer = layer,
                                    .classes = {0},
                                    .keep_negative = keep_negative})
                      .maps.at(0));
  }
};

TEST_F(CaptumGradCam, AtAConvolutionAndBehindItsRelu) {
  const Network network = captum_one_conv();
  const Tensor x = counting(1);
  EXPECT_THAT(cam(network, x, "conv1", true), are({11.25F, 13.5F, 20.25F, 22.5F}));
  EXPECT_THAT(cam(network, x, "relu1", true), are({0, 4, 28, 32.5F}));
  EXPECT_THAT(cam(captum_one_conv(2), counting(2), "conv1", true), are({14.5F, 19, 32.5F, 37}));
}

/// Captum's "input of conv1" is the output of the node before it.
TEST_F(CaptumGradCam, BeforeAConvolutionWithAndWithoutTheRelu) {
  Tensor x = counting(1);
  x.data()[5] = -4;
  Floats want;
  for (const float value : floats(x)) want.push_back(0.5625F * value);
  EXPECT_THAT(cam(captum_one_conv(), x, "input", true), are(want));
  want[5] = 0;
  EXPECT_THAT(cam(captum_one_conv(), x, "input", false), are(want));
}

TEST_F(CaptumGradCam, ALayerWithoutSpatialExtentIsRefused) {
  EXPECT_THROW(cam(captum_multi_layer(), image_of({1, 1, 1, 3}, {0, 100, 0}), "linear0", true),
               UsageError);
}

}  // namespace
}  // namespace phosphene::golden
