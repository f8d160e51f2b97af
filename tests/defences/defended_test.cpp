// Victims behind transforms and averages of them, over a linear network, whose gradient is its
// weights whatever the image.
#include "phosphene/defences/defended.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

#include "phosphene/error.hpp"
#include "tests/defences/transform_cases.hpp"

namespace phosphene {
namespace {

using ::testing::HasSubstr;
using namespace ::phosphene::testing;

constexpr Shape kImages{2, 3, 12, 10};
constexpr std::int64_t kClasses = 4;

/// z_c = w_c . x
class LinearVictim : public Victim {
 public:
  explicit LinearVictim(unsigned seed, Shape images = kImages)
      : images_(images), weights_(random_tensor({kClasses, images.c, images.h, images.w}, seed)) {}

  Shape images() const override { return images_; }
  std::int64_t classes() const override { return kClasses; }
  const Tensor& forward(const Tensor& images, std::span<const Draw>) override {
    for (std::int64_t n = 0; n < images_.n; ++n) {
      for (std::int64_t c = 0; c < kClasses; ++c) {
        logits_.data()[n * kClasses + c] =
            static_cast<float>(dot(part(images, n), part(weights_, c)));
      }
    }
    return logits_;
  }
  const Tensor& backward(const Tensor& d_logits) override {
    std::fill_n(gradient_.data(), gradient_.count(), 0.0F);
    const std::int64_t size = gradient_.count() / images_.n;
    for (std::int64_t i = 0; i < gradient_.count(); ++i) {
      for (std::int64_t c = 0; c < kClasses; ++c) {
        gradient_.data()[i] +=
            d_logits.data()[i / size * kClasses + c] * weights_.data()[c * size + i % size];
      }
    }
    return gradient_;
  }

 private:
  Tensor part(const Tensor& batch, std::int64_t i) const {
    const Shape one{1, images_.c, images_.h, images_.w};
    return Tensor::view(const_cast<float*>(batch.data()) + i * one.count(), {}, one);
  }

  Shape images_;
  Tensor weights_;
  Tensor logits_ = Tensor::host({images_.n, kClasses, 1, 1});
  Tensor gradient_ = Tensor::host(images_);
};

class DefendedTest : public ::testing::Test {
 protected:
  std::unique_ptr<Victim> behind(const std::string& spec, unsigned seed = 1) {
    return defended(context, std::make_unique<LinearVictim>(seed), parse_transforms(context, spec));
  }
  const Context context{ContextOptions{.device = "cpu", .seed = 5}};
  const Tensor images = distinct_images(kImages, 2);
  const Tensor d_logits = random_tensor({kImages.n, kClasses, 1, 1}, 3);
  const std::vector<Draw> draws = draws_of(kImages.n, 0);
};

TEST_F(DefendedTest, SeesWhatTheTransformsLeave) {
  const auto victim = behind("gaussian:1+bits:3+median:3");
  const Tensor seen =
      through(context, parse_transforms(context, "gaussian:1+bits:3+median:3"), images, draws);
  LinearVictim bare(1);
  EXPECT_EQ(floats(victim->forward(images, draws)), floats(bare.forward(seen, draws)));
  EXPECT_EQ(victim->images(), kImages);
  EXPECT_EQ(victim->classes(), kClasses);
  EXPECT_FALSE(victim->random());
  EXPECT_FALSE(behind("jpeg:50")->random());
  EXPECT_TRUE(behind("jpeg:50+rotate:10")->random());
}

// Back through three stages, of which the middle one is taken for the identity, at the images that
// each of them saw.
TEST_F(DefendedTest, GradientRunsBackThroughAllStages) {
  const auto victim = behind("gaussian:1+bits:3+median:3");
  Tensor changed = Tensor::host(kImages);
  std::copy_n(images.data(), images.count(), changed.data());
  victim->forward(changed, draws);
  std::fill_n(changed.data(), changed.count(), 0.0F);  // the images may go
  const std::vector<float> gradient = floats(victim->backward(d_logits));

  const Transforms stages = parse_transforms(context, "gaussian:1+bits:3+median:3");
  Tensor smooth = context.empty(kImages), rounded = context.empty(kImages);
  stages[0]->forward(images, draws, smooth);
  stages[1]->forward(smooth, draws, rounded);
  Tensor d_rounded = context.empty(kImages), d_x = context.empty(kImages);
  LinearVictim bare(1);
  stages[2]->backward(rounded, draws, bare.backward(d_logits), d_rounded);
  stages[0]->backward(images, draws, d_rounded, d_x);
  EXPECT_EQ(gradient, floats(d_x));
}

TEST_F(DefendedTest, NothingBeforeItIsTheVictimItself) {
  auto victim = defended(context, std::make_unique<LinearVictim>(1), {});
  LinearVictim bare(1);
  EXPECT_EQ(floats(victim->forward(images, {})), floats(bare.forward(images, {})));
  EXPECT_EQ(floats(victim->backward(d_logits)), floats(bare.backward(d_logits)));
}

// One sum of noises per logit: two stages that drew the same would give twice the first's.
TEST_F(DefendedTest, EveryStageDrawsForItself) {
  const auto noise_of = [&](const std::string& spec) {
    const auto victim = behind(spec);
    LinearVictim bare(1);
    std::vector<float> noise = floats(victim->forward(images, draws));
    const std::vector<float> clean = floats(bare.forward(images, draws));
    for (std::size_t i = 0; i < noise.size(); ++i) noise[i] -= clean[i];
    return noise;
  };
  const std::vector<float> once = noise_of("noise:0.1"), twice = noise_of("noise:0.1+noise:0.1");
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_GT(std::abs(twice[i] - 2 * once[i]), 1e-3);
}

TEST_F(DefendedTest, DrawsDoNotDependOnTheSlot) {
  const auto victim = behind("print+rotate:20");
  Tensor swapped = Tensor::host(kImages);
  const std::int64_t size = images.count() / 2;
  std::copy_n(images.data(), size, swapped.data() + size);
  std::copy_n(images.data() + size, size, swapped.data());
  const std::vector<float> forth = floats(victim->forward(images, draws));
  const std::vector<Draw> swapped_draws = {draws[1], draws[0]};
  const std::vector<float> back = floats(victim->forward(swapped, swapped_draws));
  for (std::size_t c = 0; c < kClasses; ++c) {
    EXPECT_EQ(forth[c], back[kClasses + c]);
    EXPECT_EQ(forth[kClasses + c], back[c]);
  }
}

TEST_F(DefendedTest, AnAverageIsTheMeanOfLogitsAndOfGradients) {
  std::vector<std::unique_ptr<Victim>> members;
  members.push_back(behind("gaussian:1", 1));
  members.push_back(behind("median:3", 2));
  members.push_back(std::make_unique<LinearVictim>(3));
  const auto average = averaged(context, std::move(members));
  std::vector<double> logits(static_cast<std::size_t>(kImages.n * kClasses));
  std::vector<double> gradient(static_cast<std::size_t>(kImages.count()));
  const std::vector<std::pair<std::string, unsigned>> alone = {{"gaussian:1", 1}, {"median:3", 2}};
  const auto add = [&](Victim& victim) {
    const std::vector<float> z = floats(victim.forward(images, draws));
    const std::vector<float> g = floats(victim.backward(d_logits));
    for (std::size_t i = 0; i < z.size(); ++i) logits[i] += z[i] / 3.0;
    for (std::size_t i = 0; i < g.size(); ++i) gradient[i] += g[i] / 3.0;
  };
  for (const auto& [spec, seed] : alone) add(*behind(spec, seed));
  LinearVictim bare(3);
  add(bare);
  const std::vector<float> z = floats(average->forward(images, draws));
  const std::vector<float> g = floats(average->backward(d_logits));
  // Logits stay below 100, gradients below 10; a few roundings each.
  for (std::size_t i = 0; i < z.size(); ++i) EXPECT_NEAR(z[i], logits[i], 100 * 8 * 0x1p-24);
  for (std::size_t i = 0; i < g.size(); ++i) EXPECT_NEAR(g[i], gradient[i], 10 * 8 * 0x1p-24);
  EXPECT_FALSE(average->random());
}

// Two members with the same noise would give what one gives.
TEST_F(DefendedTest, MembersOfAnAverageDrawForThemselves) {
  const auto logits_of = [&](int count) {
    std::vector<std::unique_ptr<Victim>> members;
    for (int k = 0; k < count; ++k) members.push_back(behind("noise:0.1"));
    const auto average = averaged(context, std::move(members));
    EXPECT_TRUE(average->random());
    return floats(average->forward(images, draws));
  };
  const std::vector<float> one = logits_of(1), two = logits_of(2);
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_GT(std::abs(two[i] - one[i]), 1e-3);
}

TEST_F(DefendedTest, AnAverageRefusesMembersThatDisagree) {
  EXPECT_THROW(averaged(context, {}), UsageError);
  std::vector<std::unique_ptr<Victim>> members;
  members.push_back(std::make_unique<LinearVictim>(1));
  members.push_back(std::make_unique<LinearVictim>(1, Shape{2, 3, 8, 8}));
  try {
    averaged(context, std::move(members));
    ADD_FAILURE();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("2x3x8x8 to 4 classes and 2x3x12x10 to 4 classes"));
  }
}

}  // namespace
}  // namespace phosphene
