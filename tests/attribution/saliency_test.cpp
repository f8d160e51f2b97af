// Every method against the reference lowering in double precision.
#include "phosphene/methods/saliency.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "phosphene/error.hpp"
#include "tests/attribution/classifiers.hpp"
#include "tests/reference/compare.hpp"
#include "tests/reference/reference_lowering.hpp"

namespace phosphene {
namespace {

using reference::relative_l2;
using reference::Values;
using ::testing::HasSubstr;
using testing::kImage;
using ::testing::ThrowsMessage;
using testing::values;

const ContextOptions kCpu{.device = "cpu"};

/// A session in double precision, and an image at which no unit of it is about to switch.
class Saliencies : public ::testing::Test {
 protected:
  Saliencies()
      : network_(testing::steady(testing::pooled_classifier())),
        pixels_(
            reference::pixels_of(kImage, reference::steady_seed(context_, network_, kImage, 1e-3))),
        image_(Tensor::host(kImage)),
        session_(context_, network_, {kImage.h, kImage.w, 1, {"relu1", "relu2", "fc"}, true},
                 reference::make_reference_lowering<double>()) {
    reference::write(pixels_, image_);
    run(pixels_);
  }

  void run(const Values& pixels) {
    reference::write(pixels, session_.image());
    session_.forward();
  }

  Values expected(const std::string& layer, std::size_t element, ReluRule rule) {
    Values gradient(static_cast<std::size_t>(session_.tap(layer).count()));
    gradient[element] = 1;
    const std::vector<Seed> seeds{reference::seed_of(layer, std::move(gradient))};
    return reference::read(session_.backward(seeds, rule));
  }

  Values actual(SaliencyMethod method, Target target = {}) {
    result_ = saliency(context_, network_, image_, {.method = method, .target = target});
    return testing::doubles(result_.attribution);
  }

  const Context context_{kCpu};
  Network network_;
  Values pixels_;
  Tensor image_;
  Session session_;
  SaliencyResult result_;
};

// fp32 against double over some hundred products and sums of mixed sign a layer, three layers.
constexpr double kTolerance = 1e-5;

/// By central differences of the score in double precision, which are exact but for rounding where
/// no unit switches: (2^-52 |S|) / step.
TEST_F(Saliencies, GradientIsTheScoresDerivative) {
  constexpr double kStep = 1e-5;
  const auto score = [&](std::size_t pixel, double by) {
    Values moved = pixels_;
    moved[pixel] += by;
    run(moved);
    return reference::read(session_.tap("fc"))[2];
  };
  Values slopes;
  for (std::size_t p = 0; p < pixels_.size(); ++p) {
    slopes.push_back((score(p, kStep) - score(p, -kStep)) / (2 * kStep));
  }
  EXPECT_LT(relative_l2(actual(SaliencyMethod::gradient, {.channel = 2}), slopes), kTolerance);
}

TEST_F(Saliencies, RulesOfTheReluFollowTheReference) {
  for (const auto& [method, rule] : {std::pair{SaliencyMethod::gradient, ReluRule::standard},
                                     {SaliencyMethod::guided_backprop, ReluRule::guided},
                                     {SaliencyMethod::deconvnet, ReluRule::deconvnet}}) {
    EXPECT_LT(relative_l2(actual(method, {.channel = 3}), expected("fc", 3, rule)), kTolerance);
  }
}

TEST_F(Saliencies, GradientTimesInputIsTheirProduct) {
  Values product = expected("fc", 1, ReluRule::standard);
  for (std::size_t i = 0; i < product.size(); ++i) product[i] *= pixels_[i];
  EXPECT_LT(relative_l2(actual(SaliencyMethod::gradient_x_input, {.channel = 1}), product),
            kTolerance);
}

TEST_F(Saliencies, TheStrongestClassIsTheDefault) {
  const Values scores = reference::read(session_.tap("fc"));
  const auto best = std::ranges::max_element(scores) - scores.begin();
  EXPECT_LT(relative_l2(actual(SaliencyMethod::gradient),
                        expected("fc", static_cast<std::size_t>(best), ReluRule::standard)),
            kTolerance);
  ASSERT_EQ(result_.neurons.size(), 1U);
  EXPECT_EQ(result_.neurons[0].channel, best);
  EXPECT_NEAR(result_.neurons[0].value, *std::ranges::max_element(scores), 1e-5);
}

/// relu1 is 6 x 12 x 14, in nchw order.
TEST_F(Saliencies, AnyNeuronOfAnyLayer) {
  const std::size_t element = (4 * 12 + 5) * 14 + 9;
  const Values maps = reference::read(session_.tap("relu1"));
  EXPECT_LT(relative_l2(
                actual(SaliencyMethod::gradient, {.layer = "relu1", .channel = 4, .y = 5, .x = 9}),
                expected("relu1", element, ReluRule::standard)),
            kTolerance);
  EXPECT_NEAR(result_.neurons[0].value, maps[element], 1e-5);

  // The strongest of a channel, of a place, of the layer.
  const auto strongest = [&](Target target) {
    actual(SaliencyMethod::guided_backprop, target);
    return result_.neurons[0];
  };
  const auto plane = maps.begin() + 4 * 12 * 14;
  const auto in_channel = std::max_element(plane, plane + 12 * 14) - plane;
  Neuron found = strongest({.layer = "relu1", .channel = 4});
  EXPECT_EQ(found.y * 14 + found.x, in_channel);
  found = strongest({.layer = "relu1"});
  const auto anywhere = std::ranges::max_element(maps) - maps.begin();
  EXPECT_EQ((found.channel * 12 + found.y) * 14 + found.x, anywhere);
  found = strongest({.layer = "relu1", .y = 3, .x = 13});
  for (std::size_t c = 0; c < 6; ++c) {
    EXPECT_LE(maps[(c * 12 + 3) * 14 + 13], found.value + 1e-5);
  }
}

TEST_F(Saliencies, MaxAbsIsOverTheChannels) {
  const Tensor map = max_abs((actual(SaliencyMethod::gradient), std::move(result_.attribution)));
  const Values signed_map = actual(SaliencyMethod::gradient);
  ASSERT_EQ(map.shape(), (Shape{1, 1, 12, 14}));
  for (std::size_t p = 0; p < 12 * 14; ++p) {
    double most = 0;
    for (std::size_t c = 0; c < 3; ++c) most = std::max(most, std::abs(signed_map[c * 168 + p]));
    EXPECT_EQ(map.data()[p], static_cast<float>(most));
  }
}

TEST_F(Saliencies, TakeAsManySamplesAsTheySay) {
  EXPECT_EQ(sample_count({.method = SaliencyMethod::gradient}), 1);
  EXPECT_EQ(sample_count({.method = SaliencyMethod::smoothgrad, .samples = 7}), 7);
  for (const auto& [method, own] : {std::pair{SaliencyMethod::smoothgrad, 25},
                                    std::pair{SaliencyMethod::integrated_gradients, 50}}) {
    EXPECT_EQ(sample_count({.method = method}), own);
    const auto with = [&](int samples) {
      const SaliencyOptions options{.method = method, .samples = samples};
      return testing::doubles(saliency(context_, network_, image_, options).attribution);
    };
    EXPECT_EQ(with(0), with(own));
    EXPECT_NE(with(0), with(own - 1));
  }
}

TEST_F(Saliencies, RefuseWhatIsNotThere) {
  const auto refuses = [&](const SaliencyOptions& options, const char* text) {
    EXPECT_THAT([&] { saliency(context_, network_, image_, options); },
                ThrowsMessage<UsageError>(HasSubstr(text)));
  };
  refuses({.target = {.channel = 5}}, "class 5: the network has the classes 0 to 4");
  refuses({.target = {.layer = "relu1", .channel = 6}}, "layer 'relu1' has the channels 0 to 5");
  refuses({.target = {.layer = "relu1", .channel = 0, .y = 12, .x = 0}}, "rows 0 to 11");
  refuses({.target = {.layer = "relu1", .channel = 0, .y = 3}}, "place 3,-1");
  refuses({.target = {.layer = "relu3"}}, "near: relu");
  refuses({.samples = -1}, "--samples");
  refuses({.sigma = -1}, "--sigma");
  refuses({.sigma = NAN}, "--sigma");
  const Tensor small = testing::random_image({1, 3, 4, 4}, 1);
  refuses({.method = SaliencyMethod::integrated_gradients, .baseline = &small}, "--baseline");
  EXPECT_THROW(parse_saliency_method("lrp"), UsageError);
  Saliency method(context_, network_, 12, 14, 1, {});
  EXPECT_THROW(method(small), UsageError);
  const std::int64_t two[] = {0, 1};
  EXPECT_THROW(method(image_, two), UsageError);
}

}  // namespace
}  // namespace phosphene
