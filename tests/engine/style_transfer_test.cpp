#include "phosphene/methods/style_transfer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/methods/colour.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"
#include "tests/engine/small_network.hpp"

namespace phosphene {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::random_array;
using testing::random_image;
using ::testing::ThrowsMessage;

/// Two blocks of VGG-11 at four and six channels.
Network narrow_vgg() {
  Weights w;
  w.set("features.0.weight", random_array({4, 3, 3, 3}, 1, 0.5F));
  w.set("features.0.bias", random_array({4}, 2, 0.1F));
  w.set("features.3.weight", random_array({6, 4, 3, 3}, 3, 0.5F));
  w.set("features.3.bias", random_array({6}, 4, 0.1F));
  return make_model("vgg11", std::move(w));
}

StyleTransferOptions small_options() {
  StyleTransferOptions options;
  options.size = 24;
  options.iterations = 12;
  options.content_layers = {{"relu2_1"}};
  options.style_layers = {{"relu1_1"}, {"relu2_1", 0.5F}};
  return options;
}

class StyleTransfer : public ::testing::Test {
 protected:
  StyleTransfer() {
    styles_.push_back(random_image({1, 3, 40, 28}, 21));
    styles_.push_back(random_image({1, 3, 20, 33}, 22));
  }
  StyleTransferResult run(const StyleTransferOptions& options, std::size_t styles = 1) const {
    return style_transfer(context_, network_, content_, std::span(styles_).first(styles), options);
  }
  void expect_usage_error(const StyleTransferOptions& options, const std::string& text) const {
    EXPECT_THAT([&] { run(options); }, ThrowsMessage<UsageError>(HasSubstr(text)));
  }

  Context context_{{.device = "cpu", .seed = 4}};
  Network network_ = narrow_vgg();
  Tensor content_ = random_image({1, 3, 31, 47}, 20);  // odd, and no multiple of anything
  std::vector<Tensor> styles_;
};

TEST_F(StyleTransfer, LossFallsAndThePictureIsInRange) {
  for (OptimiserKind kind : {OptimiserKind::lbfgs, OptimiserKind::adam}) {
    StyleTransferOptions options = small_options();
    options.optimiser = kind;
    options.iterations = 60;
    const StyleTransferResult result = run(options);
    EXPECT_EQ(result.image.shape(), (Shape{1, 3, 16, 24}));
    EXPECT_LT(result.losses.back().total, 0.5 * result.losses.front().total);
    for (std::int64_t i = 0; i < result.image.count(); ++i) {
      ASSERT_GE(result.image.data()[i], 0);
      ASSERT_LE(result.image.data()[i], 1);
    }
  }
}

TEST_F(StyleTransfer, SameSeedSameBytes) {
  const StyleTransferResult a = run(small_options()), b = run(small_options());
  EXPECT_TRUE(std::equal(a.image.data(), a.image.data() + a.image.count(), b.image.data()));
}

TEST_F(StyleTransfer, AShareOfNothingIsNoStyle) {
  StyleTransferOptions options = small_options();
  const StyleTransferResult alone = run(options);
  options.style_blend = {1, 0};
  const StyleTransferResult blended = run(options, 2);
  EXPECT_TRUE(std::equal(alone.image.data(), alone.image.data() + alone.image.count(),
                         blended.image.data()));
}

/// From the content itself the content loss starts at nothing, and a style that is the content
/// image at its own size has no style loss either.
TEST_F(StyleTransfer, TheContentInItsOwnStyleIsDone) {
  StyleTransferOptions options = small_options();
  options.init = &content_;
  options.tv_weight = 0;
  options.iterations = 1;
  options.size = 0;
  std::vector<Tensor> itself;
  itself.push_back(random_image({1, 3, 31, 47}, 20));
  const StyleTransferResult result = style_transfer(context_, network_, content_, itself, options);
  EXPECT_EQ(result.losses[0].content, 0);
  EXPECT_EQ(result.losses[0].style, 0);
}

TEST_F(StyleTransfer, ScalesFollowTheSize) {
  StyleTransferOptions options;
  EXPECT_THAT(scales_of(options, content_), ElementsAre(512));
  options.size = 0;
  EXPECT_THAT(scales_of(options, content_), ElementsAre(47));
  options.size = 3000;
  EXPECT_THAT(scales_of(options, content_), ElementsAre(750, 1500, 3000));
  options.scales = {16, 24};
  EXPECT_THAT(scales_of(options, content_), ElementsAre(16, 24));
}

TEST_F(StyleTransfer, EachScaleTakesHalfTheIterations) {
  StyleTransferOptions options = small_options();
  options.scales = {16, 24};
  const StyleTransferResult result = run(options);
  EXPECT_EQ(result.iterations, 12 + 6);
  EXPECT_EQ(result.image.shape().w, 24);
  std::vector<int> at;
  for (const StyleLosses& l : result.losses) at.push_back(l.iteration);
  EXPECT_THAT(at, ElementsAre(1, 10, 12, 13, 18));
}

TEST_F(StyleTransfer, StopsWhenAskedAndKeepsThePicture) {
  StyleTransferOptions options = small_options();
  const auto result =
      style_transfer(context_, network_, content_, std::span(styles_).first(1), options,
                     [](const StyleProgress& p) { return p.losses.iteration < 5; });
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.iterations, 5);
  EXPECT_EQ(result.image.shape(), (Shape{1, 3, 16, 24}));
}

TEST_F(StyleTransfer, ErrorsNameTheFlag) {
  const auto with = [](auto change) {
    StyleTransferOptions options = small_options();
    change(options);
    return options;
  };
  using O = StyleTransferOptions;
  expect_usage_error(with([](O& o) { o.iterations = 0; }), "--iterations 0");
  expect_usage_error(with([](O& o) { o.content_weight = -1; }), "--content-weight -1");
  expect_usage_error(with([](O& o) { o.style_blend = {0.5F, 0.5F}; }), "has 2 numbers for 1 style");
  expect_usage_error(with([](O& o) { o.style_layers = {{"relu2_2"}}; }), "near: relu2_1");
  expect_usage_error(with([](O& o) { o.style_layers = {{"relu2_1", -1}}; }), "--style-layers");
  expect_usage_error(with([](O& o) { o.history = 0; }), "--history 0");
  StyleTransferOptions tiny = small_options();
  tiny.scales = {2};
  EXPECT_THAT([&] { run(tiny); }, ThrowsMessage<Error>(HasSubstr("the image is too small")));
}

TEST_F(StyleTransfer, PredictsItsMemory) {
  StyleTransferOptions options = small_options();
  options.size = 700;  // beyond the trial, so that it is extrapolated
  options.iterations = 1;
  const StyleTransferCost cost =
      predict_cost(context_, network_, content_, std::span(styles_).first(1), options);
  const Context fresh({.device = "cpu"});
  std::size_t held = 0;
  style_transfer(fresh, network_, content_, std::span(styles_).first(1), options,
                 [&](const StyleProgress&) {
                   held = fresh.allocated_bytes();
                   return true;
                 });
  // Rounding of odd sizes at each pooling and the images themselves: within a tenth.
  EXPECT_NEAR(static_cast<double>(cost.bytes), static_cast<double>(held),
              0.1 * static_cast<double>(held));
}

std::array<double, 9> colour_statistics(const Tensor& image) {
  const std::int64_t m = image.shape().pixels();
  std::array<double, 9> s{};  // three means, then the covariance's lower half
  for (int c = 0; c < 3; ++c) {
    for (std::int64_t p = 0; p < m; ++p) {
      s[static_cast<std::size_t>(c)] += image.data()[c * m + p] / static_cast<double>(m);
    }
  }
  std::size_t k = 3;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j <= i; ++j, ++k) {
      for (std::int64_t p = 0; p < m; ++p) {
        s[k] += (image.data()[i * m + p] - s[static_cast<std::size_t>(i)]) *
                (image.data()[j * m + p] - s[static_cast<std::size_t>(j)]) / static_cast<double>(m);
      }
    }
  }
  return s;
}

TEST(Colour, MatchedImageHasTheOthersMeanAndCovariance) {
  Tensor style = random_image({1, 3, 40, 41}, 31), content = random_image({1, 3, 30, 31}, 32);
  for (std::int64_t i = 0; i < content.count(); ++i) {  // dull, so that nothing is clipped
    content.data()[i] = 0.4F + 0.1F * content.data()[i];
  }
  const auto want = colour_statistics(content),
             got = colour_statistics(match_colours(style, content));
  // A floor of 1/255^2 is added to both variances before they are matched: less than 2% of these.
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(got[i], want[i], i < 3 ? 1e-5 : 2e-5);
}

TEST(Colour, LumaOfOneChrominanceOfTheOther) {
  const Tensor painted = random_image({1, 3, 5, 6}, 33);
  Tensor content = random_image({1, 3, 5, 6}, 34);
  for (std::int64_t i = 0; i < content.count(); ++i) content.data()[i] = 0.5F;
  const Tensor grey = with_colours_of(painted, content);
  for (std::int64_t p = 0; p < 30; ++p) {
    const float* x = painted.data();
    const float luma = 0.299F * x[p] + 0.587F * x[30 + p] + 0.114F * x[60 + p];
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(grey.data()[c * 30 + p], luma, 1e-6);
  }
}

}  // namespace
}  // namespace phosphene
