#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "phosphene/optimise.hpp"
#include "tests/engine/small_network.hpp"

namespace phosphene {
namespace {

using testing::random_image;
using testing::small_network;

const ContextOptions kCpu{.device = "cpu"};

/// Matching another image's features by one updater: the loss must go down to `fraction`.
void expect_falls(const Context& context, std::unique_ptr<Updater> updater, int iterations,
                  float fraction) {
  const Network network = small_network();
  Session session(context, network, {8, 9, 1, {"relu1"}, true});
  session.forward(random_image({1, 3, 8, 9}, 1), 1);
  const Tensor& features = session.tap("relu1");
  Tensor target = Tensor::host(features.shape(), DType::f32, Layout::nhwc);
  std::copy_n(features.data(), features.count(), target.data());
  Problem problem;
  problem.session = &session;
  problem.objectives.push_back(feature_match(context, "relu1", std::move(target), 1));
  problem.updater = std::move(updater);
  const Tensor start = random_image({1, 3, 8, 9}, 2);
  std::copy_n(start.data(), start.count(), session.image().data());

  std::vector<float> losses;
  LoopOptions options{.iterations = iterations, .report_every = 1};
  options.report = [&](int) {
    losses.push_back(read_scalar(context, problem.objectives[0]->loss()));
    return true;
  };
  EXPECT_EQ(minimise(context, problem, options), iterations);
  ASSERT_EQ(losses.size(), static_cast<std::size_t>(iterations));
  EXPECT_LT(losses.back(), fraction * losses.front());
}

TEST(Loop, EveryUpdaterGoesDown) {
  const Context context(kCpu);
  const Shape image{1, 3, 8, 9};
  expect_falls(context, gradient_descent(context, 1e-3F), 50, 0.5F);
  expect_falls(context, adam(context, image, 0.02F), 50, 0.1F);
  expect_falls(context, lbfgs(context, image, 10, 1), 50, 0.1F);
}

TEST(Loop, StopsWhenToldTo) {
  const Context context(kCpu);
  const Network network = small_network();
  Session session(context, network, {8, 9, 1, {"relu1"}, true});
  Problem problem;
  problem.session = &session;
  problem.objectives.push_back(
      feature_match(context, "relu1", context.zeros({1, 4, 8, 9}, DType::f32, Layout::nhwc), 1));
  problem.updater = gradient_descent(context, 1e-3F);
  LoopOptions options{.iterations = 100, .report_every = 10};
  options.report = [](int done) { return done < 20; };
  EXPECT_EQ(minimise(context, problem, options), 20);
}

/// TV of a vertical edge of height 1: h differences of 1; its gradient pulls both sides together.
TEST(Regulariser, TotalVariationOfAnEdge) {
  const Context context(kCpu);
  Tensor image = context.zeros({1, 1, 4, 6}), d_image = context.zeros({1, 1, 4, 6});
  for (int y = 0; y < 4; ++y) {
    for (int x = 3; x < 6; ++x) image.data()[y * 6 + x] = 1;
  }
  const auto tv = total_variation(context, 0.5F, 2);
  tv->add(image, d_image);
  EXPECT_FLOAT_EQ(read_scalar(context, tv->loss()), 2);
  EXPECT_FLOAT_EQ(d_image.data()[2], -1);
  EXPECT_FLOAT_EQ(d_image.data()[3], 1);
  EXPECT_FLOAT_EQ(d_image.data()[0], 0);
}

/// Two objectives on one tap count as their sum.
TEST(Objective, SeveralOnOneTap) {
  const Context context(kCpu);
  const Network network = small_network();
  const auto gradient_of = [&](std::vector<float> scales) {
    Session session(context, network, {8, 9, 1, {"relu1"}, true});
    const Tensor start = random_image({1, 3, 8, 9}, 2);
    std::copy_n(start.data(), start.count(), session.image().data());
    Problem problem;
    problem.session = &session;
    for (float scale : scales) {
      problem.objectives.push_back(feature_match(
          context, "relu1", context.zeros({1, 4, 8, 9}, DType::f32, Layout::nhwc), scale));
    }
    problem.updater = gradient_descent(context, 0);
    iterate(problem);
    return std::vector<float>(session.d_image().data(), session.d_image().data() + 216);
  };
  const auto one = gradient_of({0.75F}), two = gradient_of({0.5F, 0.25F});
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_NEAR(one[i], two[i], 1e-5 * std::abs(one[i]) + 1e-6);  // a few dozen roundings
  }
}

}  // namespace
}  // namespace phosphene
