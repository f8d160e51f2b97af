// Margins over a ball, on the bundled classifier and on toys.
#include "phosphene/methods/interval_bounds.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/bounds/interval_network.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/datasets/shapes.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"
#include "tests/reference/fixtures.hpp"
#include "tests/reference/node_cases.hpp"

namespace phosphene {
namespace {

using reference::Random;

class Margins : public ::testing::Test {
 protected:
  Context context_{ContextOptions{.device = "cpu"}};
};

Tensor random_images(const Shape& shape, std::uint64_t seed) {
  Tensor images = Tensor::host(shape);
  reference::write(Random(seed).values(shape.count(), 0, 1), images);
  return images;
}

/// Scores by a Linear, by a convolution as large as its map, and by a pooling.
std::vector<Graph> classifiers() {
  Graph linear = reference::normalised_input(3);
  linear.then("a", op::Conv{.window = {.kernel = {3, 3}}, .out_channels = 4}, "a");
  linear.then("relu", op::Relu{});
  Graph conv = linear, pooled = linear;
  linear.then("flatten", op::Flatten{});
  linear.then("fc", op::Linear{.out_features = 5}, "fc");
  conv.then("fc", op::Conv{.window = {.kernel = {4, 5}}, .out_channels = 5}, "fc");
  pooled.then("fc", op::Conv{.window = {.kernel = {2, 2}}, .out_channels = 5}, "fc");
  pooled.then("pool", op::AdaptiveAvgPool{{1, 1}});
  return {linear, conv, pooled};
}

TEST_F(Margins, EncloseTheMarginsOfEveryKindOfScores) {
  const Shape shape{6, 3, 6, 7};
  for (const Graph& graph : classifiers()) {
    SCOPED_TRACE(graph[graph.size() - 1].name + " of " + kind(graph[graph.size() - 1].op));
    const Network network = reference::random_network(graph, shape, 4);
    const Classifier classify = make_classifier(context_, network, shape.h, shape.w, shape.n);
    const Tensor images = random_images(shape, 6);
    IntervalBounds bounds(context_, network, shape.h, shape.w, shape.n);
    const std::vector<std::int64_t> labels{0, 1, 2, 3, 4, 0};
    const std::vector<float> epsilons{0, 0, 0.01F, 0.01F, 0.1F, 0.1F};
    const Tensor lower = bounds.margins(images, labels, epsilons);
    Random random(7);
    for (int trial = 0; trial < 20; ++trial) {
      Tensor moved = Tensor::host(shape);
      for (std::int64_t i = 0; i < shape.count(); ++i) {
        const float eps = epsilons[static_cast<std::size_t>(i / (shape.count() / shape.n))];
        const float x = images.data()[i] + (random.uniform(-1, 1) < 0 ? -eps : eps);
        moved.data()[i] = std::clamp(x, 0.0F, 1.0F);
      }
      const Tensor logits = classify(moved);
      for (std::int64_t i = 0; i < shape.n; ++i) {
        const std::int64_t y = labels[static_cast<std::size_t>(i)];
        for (std::int64_t j = 0; j < 5; ++j) {
          const double margin = double{logits.data()[i * 5 + y]} - logits.data()[i * 5 + j];
          ASSERT_GE(margin, lower.data()[i * 5 + j]) << i << " " << j;
          // At epsilon 0 there is nothing between them but rounding.
          if (i < 2) {
            ASSERT_LE(margin, lower.data()[i * 5 + j] + 5e-3);
          }
        }
      }
    }
  }
}

TEST_F(Margins, OfMergedRowsAreTighterThanOfTheEnds) {
  const Shape shape{1, 3, 6, 7};
  const Network network = reference::random_network(classifiers()[0], shape, 4);
  const Tensor images = random_images(shape, 6);
  IntervalBounds bounds(context_, network, shape.h, shape.w, 1);
  const std::int64_t label = 2;
  const float epsilon = 0.05F;
  const Tensor merged = bounds.margins(images, {&label, 1}, {&epsilon, 1});
  bounds::IntervalNetwork ends(context_, network, shape.h, shape.w, 1, "fc");
  float eps[] = {epsilon};
  ends.forward(images, Tensor::view(eps, Device{}, {1, 1, 1, 1}));
  for (std::int64_t j = 0; j < 5; ++j) {
    if (j == label) continue;
    EXPECT_GT(merged.data()[j], ends.low().data()[label] - ends.high().data()[j]);
  }
}

TEST_F(Margins, DoNotDependOnTheCompany) {
  const Network network = load_network({.weights = "shapes"});
  constexpr std::int64_t kCount = 8;
  const Shape shape{kCount, 3, kShapesSize, kShapesSize};
  Tensor images = Tensor::host(shape);
  std::vector<std::int64_t> labels;
  std::vector<float> epsilons;
  for (std::int64_t i = 0; i < kCount; ++i) {
    const ShapesSample sample = shapes(5, static_cast<std::uint64_t>(i));
    std::copy_n(sample.image.data(), sample.image.count(),
                images.data() + i * sample.image.count());
    labels.push_back(sample.label);
    epsilons.push_back(1e-4F * static_cast<float>(i));
  }
  IntervalBounds together(context_, network, kShapesSize, kShapesSize, kCount);
  IntervalBounds alone(context_, network, kShapesSize, kShapesSize, 1);
  const Tensor all = together.margins(images, labels, epsilons);
  const Shape one{1, 3, kShapesSize, kShapesSize};
  for (std::int64_t i = 0; i < kCount; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const Tensor margins =
        alone.margins(Tensor::view(images.data() + i * one.count(), Device{}, one),
                      {&labels[at], 1}, {&epsilons[at], 1});
    for (std::int64_t j = 0; j < margins.count(); ++j) {
      // The same sums, though a library may take another order for another batch: a difference is
      // within what both are widened by.
      const float same = all.data()[i * margins.count() + j];
      EXPECT_NEAR(margins.data()[j], same, 1e-3F * (1 + std::abs(same)));
    }
    EXPECT_EQ(least_margin(margins, 0, labels[at]) > 0, least_margin(all, i, labels[at]) > 0);
  }
}

TEST_F(Margins, RefuseWhatMakesNoSense) {
  const Network network = load_network({.weights = "shapes"});
  IntervalBounds bounds(context_, network, kShapesSize, kShapesSize, 1);
  const Tensor image = random_images({1, 3, kShapesSize, kShapesSize}, 1);
  const auto refused = [&](std::int64_t label, float epsilon) -> std::string {
    try {
      bounds.margins(image, {&label, 1}, {&epsilon, 1});
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing";
  };
  EXPECT_EQ(refused(0, 0), "nothing");
  EXPECT_NE(refused(100, 0).find("label 100 is none of the network's"), std::string::npos);
  EXPECT_NE(refused(0, -1).find("epsilon -1"), std::string::npos);
  EXPECT_NE(refused(0, NAN).find("does not lie in [0,1]"), std::string::npos);
  Graph one = reference::normalised_input(3);
  one.then("flatten", op::Flatten{});
  one.then("fc", op::Linear{.out_features = 1}, "fc");
  const Network single = reference::random_network(one, {1, 3, 4, 4}, 1);
  EXPECT_THROW(IntervalBounds(context_, single, 4, 4, 1), UsageError);
}

}  // namespace
}  // namespace phosphene
