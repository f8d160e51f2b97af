// What every transform must keep: its gradient, its draws, its independence of the batch, its name.
#include "phosphene/defences/transform.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "phosphene/error.hpp"
#include "tests/defences/transform_cases.hpp"

namespace phosphene {
namespace {

using ::testing::HasSubstr;
using namespace ::phosphene::testing;

constexpr Shape kShape{3, 3, 17, 14};

class TransformTest : public ::testing::TestWithParam<std::string> {
 protected:
  const Context context{ContextOptions{.device = "cpu", .seed = 5}};
};

// <t(x + h v) - t(x - h v), d> / 2h = <v, t'^T d>: between two places where no clamp and no order
// changes, every transform here is linear, so that what remains is rounding: each element of the
// difference is off by 2^-24 or two, and they add up like a random walk, over 2 h.
TEST_P(TransformTest, HasItsGradient) {
  const Tensor x = distinct_images(kShape, 1), d = random_tensor(kShape, 2),
               v = random_tensor(kShape, 3);
  constexpr float kStep = 5e-4F;  // a ninth of the least difference of two pixels
  for (const auto& transform : parse_transforms(context, GetParam())) {
    if (!transform->differentiable()) continue;
    const std::vector<Draw> draws = draws_of(kShape.n, 4);
    Tensor moved[2] = {context.empty(kShape), context.empty(kShape)}, d_x = context.empty(kShape);
    for (int side = 0; side < 2; ++side) {
      Tensor at = context.empty(kShape);
      for (std::int64_t i = 0; i < x.count(); ++i) {
        // Towards the middle, so that what the clamp of colours cuts off is what it cuts at x.
        at.data()[i] = 0.6F * x.data()[i] + 0.15F + (side == 0 ? -kStep : kStep) * v.data()[i];
      }
      transform->forward(at, draws, moved[side]);
    }
    Tensor at = context.empty(kShape);
    for (std::int64_t i = 0; i < x.count(); ++i) at.data()[i] = 0.6F * x.data()[i] + 0.15F;
    transform->backward(at, draws, d, d_x);
    const double difference = (dot(moved[1], d) - dot(moved[0], d)) / (2 * kStep);
    const double rounding = 8 * 0x1p-24 * std::sqrt(static_cast<double>(x.count())) / (2 * kStep);
    // A pixel of colour that is at the clamp's edge within a step moves the sum by a step's share.
    EXPECT_NEAR(difference, dot(v, d_x), rounding + 0.02 * std::sqrt(dot(d_x, d_x)))
        << transform->name();
  }
}

TEST_P(TransformTest, PassesTheGradientOnWhereItHasNone) {
  const Tensor x = distinct_images(kShape, 1), d = random_tensor(kShape, 2);
  for (const auto& transform : parse_transforms(context, GetParam())) {
    if (transform->differentiable()) continue;
    Tensor d_x = context.empty(kShape);
    transform->backward(x, draws_of(kShape.n, 0), d, d_x);
    EXPECT_EQ(floats(d_x), floats(d)) << transform->name();
  }
}

TEST_P(TransformTest, IsTheSameAloneAndInCompany) {
  const Tensor images = distinct_images(kShape, 1), d = random_tensor(kShape, 2);
  const std::vector<Draw> draws = draws_of(kShape.n, 4);
  const Shape one{1, kShape.c, kShape.h, kShape.w};
  for (const auto& transform : parse_transforms(context, GetParam())) {
    Tensor y = context.empty(kShape), d_x = context.empty(kShape);
    transform->forward(images, draws, y);
    transform->backward(images, draws, d, d_x);
    for (std::int64_t i = 0; i < kShape.n; ++i) {
      const auto slot = [&](const Tensor& batch) {
        return Tensor::view(const_cast<float*>(batch.data()) + i * one.count(), {}, one);
      };
      const std::vector<Draw> own = {draws[static_cast<std::size_t>(i)]};
      Tensor alone = context.empty(one), d_alone = context.empty(one);
      transform->forward(slot(images), own, alone);
      transform->backward(slot(images), own, slot(d), d_alone);
      EXPECT_EQ(floats(alone), floats(slot(y))) << transform->name();
      EXPECT_EQ(floats(d_alone), floats(slot(d_x))) << transform->name();
    }
  }
}

TEST_P(TransformTest, DrawsByTheImageAndTheSample) {
  const Tensor images = distinct_images(kShape, 1);
  const Context other{ContextOptions{.device = "cpu", .seed = 6}};
  const Transforms transforms = parse_transforms(context, GetParam());
  const Transforms reseeded = parse_transforms(other, GetParam());
  for (std::size_t k = 0; k < transforms.size(); ++k) {
    const auto result = [&](Transform& transform, std::vector<Draw> draws) {
      Tensor y = context.empty(kShape);
      transform.forward(images, draws, y);
      return floats(y);
    };
    const auto first = result(*transforms[k], draws_of(kShape.n, 0));
    EXPECT_EQ(first, result(*transforms[k], draws_of(kShape.n, 0)));
    const bool same = first == result(*transforms[k], draws_of(kShape.n, 1));
    EXPECT_EQ(same, !transforms[k]->random()) << transforms[k]->name();
    EXPECT_EQ(first == result(*reseeded[k], draws_of(kShape.n, 0)), !transforms[k]->random());
  }
}

INSTANTIATE_TEST_SUITE_P(All, TransformTest, ::testing::ValuesIn(all_specs()));

TEST(Transforms, SayWhatTheyAre) {
  const Context context{ContextOptions{.device = "cpu"}};
  const Transforms all =
      parse_transforms(context, "rotate:15+scale:0.8..1.2+jpeg:75+viewpoint:0.1+print");
  std::vector<std::string> names;
  for (const auto& transform : all) names.push_back(transform->name());
  EXPECT_THAT(names, ::testing::ElementsAre("rotate:15+scale:0.8..1.2", "jpeg:75", "viewpoint:0.1",
                                            "print (colours)", "print (blur)", "print (noise)"));
  EXPECT_TRUE(all[0]->random());
  EXPECT_TRUE(all[0]->differentiable());
  EXPECT_FALSE(all[1]->random());
  EXPECT_FALSE(all[1]->differentiable());
}

TEST(Transforms, RefuseWhatTheyAreNotInOneLine) {
  const Context context{ContextOptions{.device = "cpu"}};
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "expected one of jpeg, bits, gaussian"},
      {"jpg:75", "transform 'jpg:75': expected one of jpeg, bits, gaussian"},
      {"jpeg:75+", "expected one of"},
      {"jpeg", "jpeg:QUALITY, from 1 to 100"},
      {"jpeg:0", "jpeg:QUALITY"},
      {"jpeg:75.5", "jpeg:QUALITY"},
      {"jpeg:75 ", "jpeg:QUALITY"},
      {"bits:9", "bits:N, from 1 to 8"},
      {"median:4", "median:SIZE, of 3, 5 or 7"},
      {"gaussian:-1", "gaussian:SIGMA"},
      {"gaussian:nan", "gaussian:SIGMA"},
      {"tv:0", "tv:WEIGHT"},
      {"noise:2", "noise:SIGMA"},
      {"resize-pad:1.5", "resize-pad:LOW"},
      {"rotate:360", "rotate:DEGREES"},
      {"scale:0.5", "scale:LOW..HIGH"},
      {"scale:1.5..0.5", "scale:LOW..HIGH"},
      {"viewpoint:0.5", "viewpoint:STRENGTH"},
      {"brightness:2", "brightness:RANGE"},
      {"print:", "print or print:STRENGTH"},
  };
  for (const auto& [spec, message] : cases) {
    try {
      parse_transforms(context, spec);
      ADD_FAILURE() << "'" << spec << "' is taken";
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr(message));
      EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("\n")));
    }
  }
}

TEST(Transforms, LoseTheirGradientWhereThatIsAsked) {
  const Context context{ContextOptions{.device = "cpu"}};
  Transforms bits = parse_transforms(context, "bits:2");
  const Tensor x = distinct_images(kShape, 1), d = random_tensor(kShape, 2);
  Tensor y = context.empty(kShape), masked_y = context.empty(kShape), d_x = context.empty(kShape);
  bits[0]->forward(x, {}, y);
  const auto masked = without_gradient(context, std::move(bits[0]));
  masked->forward(x, {}, masked_y);
  masked->backward(x, {}, d, d_x);
  EXPECT_EQ(floats(masked_y), floats(y));
  EXPECT_EQ(floats(d_x), std::vector<float>(static_cast<std::size_t>(kShape.count()), 0.0F));
}

}  // namespace
}  // namespace phosphene
