#include "phosphene/methods/cam.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "phosphene/error.hpp"
#include "phosphene/framing.hpp"
#include "phosphene/methods/saliency.hpp"
#include "phosphene/session.hpp"
#include "tests/attribution/classifiers.hpp"

namespace phosphene {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::kClasses;
using testing::kImage;
using testing::random_image;
using ::testing::ThrowsMessage;
using testing::values;

const ContextOptions kCpu{.device = "cpu"};
constexpr std::int64_t kMapH = 6, kMapW = 7, kChannels = 8;

/// |a - b| <= tolerance max |b|
void expect_near(const std::vector<float>& a, const std::vector<float>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  double most = 0;
  for (const float v : b) most = std::max(most, std::abs(double{v}));
  EXPECT_GT(most, 0);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], tolerance * most) << i;
}

/// A tap of an image, nchw.
std::vector<float> tap(const Context& context, const Network& network, const Tensor& image,
                       const std::string& name) {
  Session session(context, network, {kImage.h, kImage.w, 1, {name}, false});
  session.forward(image, 1);
  const Tensor& maps = session.tap(name);
  const Shape& s = maps.shape();
  std::vector<float> result;
  for (std::int64_t c = 0; c < s.c; ++c) {
    for (std::int64_t p = 0; p < s.pixels(); ++p) result.push_back(maps.data()[p * s.c + c]);
  }
  return result;
}

// Sums of at most 42 products, each rounded to 2^-24, and a gradient through as many.
constexpr double kTolerance = 100 * 0x1p-24;

TEST(Cam, WeighsTheLastMapsByTheLinearLayer) {
  const Context context(kCpu);
  const Tensor image = random_image(kImage, 1);
  for (const Graph& graph : {testing::pooled_classifier(), testing::window_classifier()}) {
    const Network network = testing::steady(graph);
    const CamResult result =
        class_activation(context, network, image, {.method = CamMethod::cam, .classes = {3, 0}});
    EXPECT_EQ(result.layer, "relu2");
    ASSERT_EQ(result.maps.size(), 2U);
    ASSERT_EQ(result.maps[0].shape(), (Shape{1, 1, kMapH, kMapW}));
    const std::vector<float> a = tap(context, network, image, "relu2");
    const HostArray& w = network.weights().at("fc.weight");
    const HostArray& b = network.weights().at("fc.bias");
    for (std::size_t k = 0; k < 2; ++k) {
      const auto c = static_cast<std::size_t>(k == 0 ? 3 : 0);
      std::vector<float> expected(static_cast<std::size_t>(kMapH * kMapW));
      for (std::size_t p = 0; p < expected.size(); ++p) {
        for (std::size_t j = 0; j < kChannels; ++j) {
          expected[p] += w.values[c * kChannels + j] * a[j * expected.size() + p];
        }
      }
      expect_near(values(result.maps[k]), expected, kTolerance);
      // The score is the map's mean and the bias.
      double mean = 0;
      for (const float v : expected) mean += v / static_cast<double>(expected.size());
      EXPECT_NEAR(result.scores[k][0], mean + b.values[c], 1e-5);
      EXPECT_EQ(result.classes[k][0], static_cast<std::int64_t>(c));
    }
  }
}

TEST(Cam, OfAConvolutionToTheClassesIsItsMap) {
  const Context context(kCpu);
  const Tensor image = random_image(kImage, 1);
  const Network network = testing::steady(testing::convolved_classifier());
  const CamResult result =
      class_activation(context, network, image, {.method = CamMethod::cam, .classes = {2}});
  EXPECT_EQ(result.layer, "relu10");
  const std::vector<float> maps = tap(context, network, image, "relu10");
  EXPECT_EQ(values(result.maps[0]), (std::vector<float>(maps.begin() + 2 * kMapH * kMapW,
                                                        maps.begin() + 3 * kMapH * kMapW)));
}

/// Where S_c is linear in the mean of the maps, alpha_k = w_ck / (h w).
TEST(GradCam, IsTheReluOfCamOverThePixels) {
  const Context context(kCpu);
  const Tensor image = random_image(kImage, 1);
  for (const Graph& graph : {testing::pooled_classifier(), testing::window_classifier(),
                             testing::convolved_classifier()}) {
    const Network network = testing::steady(graph);
    for (std::int64_t c = 0; c < kClasses; ++c) {
      const CamResult cam =
          class_activation(context, network, image, {.method = CamMethod::cam, .classes = {c}});
      std::vector<float> scaled = values(cam.maps[0]), rectified;
      for (float& v : scaled) v /= kMapH * kMapW;
      for (const float v : scaled) rectified.push_back(std::max(v, 0.0F));
      double most = 0;
      for (const float v : scaled) most = std::max(most, std::abs(double{v}));
      const auto grad = class_activation(context, network, image, {.classes = {c}});
      EXPECT_EQ(grad.layer, cam.layer);
      const auto kept =
          class_activation(context, network, image, {.classes = {c}, .keep_negative = true});
      for (std::size_t p = 0; p < scaled.size(); ++p) {
        EXPECT_NEAR(grad.maps[0].data()[p], rectified[p], kTolerance * most);
        EXPECT_NEAR(kept.maps[0].data()[p], scaled[p], kTolerance * most);
      }
    }
  }
}

/// At any layer, behind any head: alpha is the mean gradient, found here by seeding a session.
TEST(GradCam, FollowsItsFormulaAtAnyLayer) {
  const Context context(kCpu);
  const Tensor image = random_image(kImage, 2);
  const Network network = testing::steady(testing::dense_classifier());
  for (const std::string layer : {"conv1", "relu1", "pool1", "conv2", "relu2"}) {
    SCOPED_TRACE(layer);
    Session session(context, network, {kImage.h, kImage.w, 1, {layer, "fc7"}, true});
    session.forward(image, 1);
    Tensor one_hot = Tensor::host({1, kClasses, 1, 1});
    std::fill_n(one_hot.data(), kClasses, 0.0F);
    one_hot.data()[4] = 1;
    const std::vector<Seed> seeds{seed_with(context, "fc7", one_hot)};
    const Tensor& d = session.backward(seeds, ReluRule::standard, layer);
    const Tensor& a = session.tap(layer);
    const Shape& s = a.shape();
    std::vector<float> expected(static_cast<std::size_t>(s.pixels()));
    for (std::int64_t c = 0; c < s.c; ++c) {
      double alpha = 0;
      for (std::int64_t p = 0; p < s.pixels(); ++p) alpha += d.data()[p * s.c + c];
      for (std::int64_t p = 0; p < s.pixels(); ++p) {
        expected[static_cast<std::size_t>(p)] +=
            static_cast<float>(alpha / static_cast<double>(s.pixels())) * a.data()[p * s.c + c];
      }
    }
    const CamResult result = class_activation(
        context, network, image, {.layer = layer, .classes = {4}, .keep_negative = true});
    expect_near(values(result.maps[0]), expected, kTolerance);
  }
  // The default is the last maps with more than one pixel that are no pooling's.
  EXPECT_EQ(class_activation(context, network, image, {}).layer, "relu2");
}

TEST(GradCam, GuidedIsTheProductWithGuidedBackpropagation) {
  const Context context(kCpu);
  const Tensor image = random_image(kImage, 2);
  const Network network = testing::steady(testing::dense_classifier());
  const auto guided = class_activation(context, network, image,
                                       {.method = CamMethod::guided_grad_cam, .classes = {1, 2}});
  for (std::size_t k = 0; k < 2; ++k) {
    const auto c = static_cast<std::int64_t>(k + 1);
    const auto map = class_activation(context, network, image, {.classes = {c}});
    const Tensor large = upsample(map.maps[0], kImage.h, kImage.w);
    std::vector<float> expected =
        values(saliency(context, network, image,
                        {.method = SaliencyMethod::guided_backprop, .target = {.channel = c}})
                   .attribution);
    const auto pixels = static_cast<std::size_t>(kImage.pixels());
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] *= large.data()[i % pixels];
    EXPECT_EQ(values(guided.maps[k]), expected);
  }
}

TEST(GradCam, TakesAGradientInTheScoresPlace) {
  const Context context(kCpu);
  const Tensor images = random_image({3, 3, kImage.h, kImage.w}, 2);
  const Network network = testing::steady(testing::dense_classifier());
  Cam of_class(context, network, kImage.h, kImage.w, 2, {.classes = {1}});
  const auto expected = values(of_class(images).maps[0]);

  GivenGradient at_scores{"", Tensor::host({1, kClasses, 1, 1})};
  std::fill_n(at_scores.gradient.data(), kClasses, 0.0F);
  at_scores.gradient.data()[1] = 1;
  Cam given(context, network, kImage.h, kImage.w, 2, {.gradient = &at_scores});
  const CamResult result = given(images);
  EXPECT_EQ(values(result.maps[0]), expected);
  EXPECT_EQ(result.classes[0], (std::vector<std::int64_t>{-1, -1, -1}));

  // At the maps themselves: alpha is its mean, one gradient for each image.
  GivenGradient at_maps{"relu2", random_image({3, kChannels, kMapH, kMapW}, 9)};
  Cam seeded(context, network, kImage.h, kImage.w, 2, {.gradient = &at_maps});
  const CamResult maps = seeded(images);
  EXPECT_EQ(maps.layer, "relu2");
  Tensor third = Tensor::host(kImage);
  std::copy_n(images.data() + 2 * third.count(), third.count(), third.data());
  const std::vector<float> a = tap(context, network, third, "relu2");
  std::vector<float> by_hand(static_cast<std::size_t>(kMapH * kMapW));
  for (std::int64_t k = 0; k < kChannels; ++k) {
    const float* d = at_maps.gradient.data() + (2 * kChannels + k) * kMapH * kMapW;
    double alpha = 0;
    for (std::int64_t p = 0; p < kMapH * kMapW; ++p) alpha += d[p] / (kMapH * kMapW);
    for (std::size_t p = 0; p < by_hand.size(); ++p) {
      by_hand[p] += static_cast<float>(alpha) * a[static_cast<std::size_t>(k) * by_hand.size() + p];
    }
  }
  const std::vector<float> all = values(maps.maps[0]);
  expect_near({all.begin() + 2 * kMapH * kMapW, all.end()}, by_hand, kTolerance);
}

TEST(Cam, ABatchIsAsTheImagesAlone) {
  const Context context(kCpu);
  const Tensor images = random_image({5, 3, kImage.h, kImage.w}, 4);
  const Network network = testing::steady(testing::pooled_classifier());
  for (const std::string& name : cam_method_names()) {
    const CamOptions options{.method = parse_cam_method(name)};
    Cam two(context, network, kImage.h, kImage.w, 2, options);
    Cam one(context, network, kImage.h, kImage.w, 1, options);
    const CamResult a = two(images), b = one(images);
    SCOPED_TRACE(name);
    expect_near(values(a.maps[0]), values(b.maps[0]), kTolerance);
    EXPECT_EQ(a.classes, b.classes);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_FLOAT_EQ(a.scores[0][i], b.scores[0][i]);
    EXPECT_EQ(values(two(images).maps[0]), values(a.maps[0]));
  }
}

TEST(Cam, RefusesWhatCannotBe) {
  const Context context(kCpu);
  const Tensor image = random_image(kImage, 1);
  const Network dense = testing::steady(testing::dense_classifier());
  const auto refuses = [&](const CamOptions& options, auto matcher) {
    EXPECT_THAT([&] { class_activation(context, dense, image, options); },
                ThrowsMessage<UsageError>(matcher));
  };
  EXPECT_THAT([&] { class_activation(context, dense, image, {.method = CamMethod::cam}); },
              ThrowsMessage<Error>(AllOf(HasSubstr("global average pooling"), HasSubstr("'relu6'"),
                                         HasSubstr("Grad-CAM"))));
  refuses({.layer = "fc6"}, HasSubstr("layer 'fc6' has no spatial extent"));
  refuses({.layer = "fc8"}, HasSubstr("near: fc6, fc7"));
  refuses({.classes = {5}}, HasSubstr("class 5: the network has the classes 0 to 4"));
  refuses({.classes = {-2}}, HasSubstr("class -2"));
  refuses({.method = CamMethod::cam, .layer = "relu1"}, HasSubstr("--layer"));
  const GivenGradient wrong{"relu2", random_image({1, kChannels, 2, 2}, 1)};
  refuses({.gradient = &wrong}, AllOf(HasSubstr("1x8x2x2"), HasSubstr("1x8x6x7")));
  refuses({.classes = {1}, .gradient = &wrong}, HasSubstr("--gradient"));
  refuses({.method = CamMethod::cam, .gradient = &wrong}, HasSubstr("--gradient"));
  // A layer that the scores do not go through: nothing comes back to it.
  const GivenGradient early{"relu1", random_image({1, 6, 12, 14}, 1)};
  refuses({.layer = "conv2", .gradient = &early}, HasSubstr("no seed"));
  EXPECT_THROW(parse_cam_method("score-cam"), UsageError);
}

}  // namespace
}  // namespace phosphene
