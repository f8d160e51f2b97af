// Metrics of attribution maps against values known in closed form.
#include "phosphene/methods/evaluate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "phosphene/error.hpp"
#include "tests/engine/small_network.hpp"

namespace phosphene {
namespace {

using testing::random_image;
using testing::small_network;

Tensor map_of(std::int64_t h, std::int64_t w, float value = 0) {
  Tensor map = Tensor::host({1, 1, h, w});
  std::fill_n(map.data(), map.count(), value);
  return map;
}

Tensor map_of(std::int64_t h, std::int64_t w, const std::vector<float>& values) {
  Tensor map = map_of(h, w);
  std::ranges::copy(values, map.data());
  return map;
}

TEST(Pointing, ToleranceIsAEuclideanDistance) {
  Tensor map = map_of(20, 20), mask = map_of(20, 20);
  mask.data()[10 * 20 + 10] = 1;
  map.data()[13 * 20 + 14] = 2;  // 5 pixels away
  EXPECT_EQ(pointing(map, mask, 5), 1);
  EXPECT_EQ(pointing(map, mask, 4.9), 0);
  EXPECT_EQ(pointing(mask, mask, 0), 1);
}

TEST(Pointing, EqualMaximaShare) {
  const Tensor mask = map_of(1, 4, {1, 0, 0, 0});
  EXPECT_EQ(pointing(map_of(1, 4, {7, 0, 7, 0}), mask, 0), 0.5);
  EXPECT_EQ(pointing(map_of(1, 4, 0.0F), mask, 0), 0.25) << "blind pointing";
  EXPECT_EQ(pointing(map_of(1, 4, {-3, -2, -1, -4}), mask, 0), 0) << "negative maps have maxima";
}

TEST(Energy, IsTheShareOfWhatIsPositive) {
  const Tensor mask = map_of(1, 4, {1, 1, 0, 0});
  EXPECT_EQ(energy_inside(map_of(1, 4, {3, -8, 1, -5}), mask), 0.75);
  EXPECT_EQ(energy_inside(map_of(1, 4, {-1, 0, -1, 0}), mask), 0.5) << "counts as an even map";
}

TEST(IntersectionOverUnion, OfMasks) {
  const Tensor a = map_of(1, 4, {1, 1, 0, 0}), b = map_of(1, 4, {0, 1, 1, 0});
  EXPECT_DOUBLE_EQ(intersection_over_union(a, b), 1.0 / 3);
  EXPECT_EQ(intersection_over_union(map_of(1, 4), map_of(1, 4)), 1);
}

TEST(RankCorrelation, KnownValues) {
  const Tensor up = map_of(1, 4, {1, 2, 30, 400});
  EXPECT_DOUBLE_EQ(rank_correlation(up, map_of(1, 4, {-9, -2, 0, 5})), 1);
  EXPECT_DOUBLE_EQ(rank_correlation(up, map_of(1, 4, {4, 3, 2, 1})), -1);
  // Ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3: 4.5 / sqrt(4.5 * 5).
  EXPECT_DOUBLE_EQ(rank_correlation(map_of(1, 4, {1, 2, 2, 3}), up), 4.5 / std::sqrt(22.5));
  EXPECT_EQ(rank_correlation(map_of(1, 4, 3.0F), up), 0);
  EXPECT_THROW(rank_correlation(up, map_of(1, 5)), Error);
}

TEST(Sobel, OfARamp) {
  Tensor ramp = Tensor::host({1, 2, 5, 6});
  for (std::int64_t i = 0; i < ramp.count(); ++i) {
    ramp.data()[i] = i < 30 ? 0.125F * static_cast<float>(i % 6) : 0.5F;  // the second is even
  }
  const Tensor edges = sobel(ramp);
  ASSERT_EQ(edges.shape(), (Shape{1, 1, 5, 6}));
  for (std::int64_t x = 0; x < 6; ++x) {
    // (1 + 2 + 1) times the difference over two pixels, one at the sides, where pixels repeat.
    EXPECT_EQ(edges.data()[2 * 6 + x], x == 0 || x == 5 ? 0.5F : 1.0F) << x;
  }
}

/// Two classes: the first one's probability is `share` of the image.
template <class Share>
Classifier classifier_of(Share share) {
  return [share](const Tensor& images) {
    const Shape& s = images.shape();
    const std::int64_t size = s.c * s.pixels();
    Tensor logits = Tensor::host({s.n, 2, 1, 1});
    for (std::int64_t n = 0; n < s.n; ++n) {
      const double p = std::clamp(share(images.data() + n * size, size), 1e-9, 1 - 1e-9);
      logits.data()[2 * n] = static_cast<float>(std::log(p));
      logits.data()[2 * n + 1] = static_cast<float>(std::log(1 - p));
    }
    return logits;
  };
}

constexpr std::int64_t kSide = 8;

// fp32 logits of a probability p carry it with an error of about |log p| 2^-24.
constexpr double kRounding = 1e-5;

TEST(InsertionDeletion, DeletionOfAHalf) {
  Tensor image = Tensor::host({1, 3, kSide, kSide}), map = map_of(kSide, kSide);
  Tensor reversed = map_of(kSide, kSide);
  for (std::int64_t i = 0; i < image.count(); ++i) image.data()[i] = i % kSide < kSide / 2 ? 1 : 0;
  for (std::int64_t i = 0; i < map.count(); ++i) {
    map.data()[i] = static_cast<float>(kSide - i % kSide);
    reversed.data()[i] = -map.data()[i];
  }
  // The class is twice the light: all of it lies in the left half.
  const Classifier light = classifier_of([](const float* values, std::int64_t count) {
    double sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += values[i];
    return 2 * sum / static_cast<double>(count);
  });
  const Context context(ContextOptions{.device = "cpu"});
  CausalOptions options;
  options.step = kSide;
  options.hidden = {0, 0, 0};
  options.blur_sigma = 1;
  const CausalScores good = insertion_deletion(context, light, image, map, 0, options);
  ASSERT_EQ(good.deletion_curve.size(), 9U);
  // Linearly from 1 to 0 over the first half, then 0; from the wrong end the other way around.
  EXPECT_NEAR(good.deletion, 0.25, kRounding);
  EXPECT_NEAR(good.deletion_curve[2], 0.5, kRounding);
  EXPECT_NEAR(insertion_deletion(context, light, image, reversed, 0, options).deletion, 0.75,
              kRounding);
  EXPECT_NEAR(insertion_deletion(context, light, image, map, 1, options).deletion, 0.75, kRounding)
      << "the other class";
}

TEST(InsertionDeletion, InsertionStartsBlurredAndEndsWithTheImage) {
  const Tensor image = random_image({1, 3, kSide, kSide}, 5);
  const Classifier same = classifier_of([&](const float* values, std::int64_t count) {
    std::int64_t equal = 0;
    for (std::int64_t i = 0; i < count; ++i) equal += values[i] == image.data()[i];
    return static_cast<double>(equal) / static_cast<double>(count);
  });
  const Context context(ContextOptions{.device = "cpu"});
  CausalOptions options;
  options.step = 10;  // of 64: seven steps, the last of four
  options.blur_sigma = 2;
  const CausalScores scores =
      insertion_deletion(context, same, image, map_of(kSide, kSide), 0, options);
  ASSERT_EQ(scores.insertion_curve.size(), 8U);
  for (std::size_t k = 0; k < 8; ++k) {
    const double expected = std::min(10.0 * static_cast<double>(k), 64.0) / 64;
    EXPECT_NEAR(scores.insertion_curve[k], expected, kRounding) << k;
    EXPECT_NEAR(scores.deletion_curve[k], 1 - expected, kRounding) << k;
  }
}

TEST(InsertionDeletion, RefusesWhatMakesNoSense) {
  const Context context(ContextOptions{.device = "cpu"});
  const Tensor image = random_image({1, 3, kSide, kSide}, 6);
  const Classifier half = classifier_of([](const float*, std::int64_t) { return 0.5; });
  const auto run = [&](const Tensor& map, std::int64_t target, std::int64_t step) {
    CausalOptions options;
    options.step = step;
    insertion_deletion(context, half, image, map, target, options);
  };
  EXPECT_THROW(run(map_of(kSide, kSide + 1), 0, 8), Error);
  EXPECT_THROW(run(map_of(kSide, kSide), 2, 8), UsageError);
  EXPECT_THROW(run(map_of(kSide, kSide), 0, 0), UsageError);
}

TEST(ZeroColour, IsWhatTheFirstNodeMakesZero) {
  EXPECT_EQ(zero_colour(small_network().graph()), (std::array<float, 3>{0.5F, 0.4F, 0.3F}));
  Graph caffe;
  caffe.then("input", op::Normalise{{51, 102, 255}, {1, 1, 1}, 255, true});
  const auto colour = zero_colour(caffe);
  EXPECT_FLOAT_EQ(colour[0], 1.0F);  // BGR: the last mean is red's
  EXPECT_FLOAT_EQ(colour[1], 0.4F);
  EXPECT_FLOAT_EQ(colour[2], 0.2F);
}

}  // namespace
}  // namespace phosphene
