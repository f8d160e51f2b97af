#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "phosphene/error.hpp"
#include "phosphene/methods/occlusion.hpp"
#include "phosphene/session.hpp"
#include "tests/engine/small_network.hpp"

// Occlusion of networks: both engines, against single forward passes and against each other.
namespace phosphene {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;
using testing::random_array;
using testing::random_image;
using testing::square;
using ::testing::ThrowsMessage;

void give(Weights& weights, const std::string& name, std::vector<std::int64_t> shape,
          unsigned seed) {
  std::int64_t fan_in = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) fan_in *= shape[i];
  const float scale = std::sqrt(6.0F / static_cast<float>(fan_in));  // keeps the variance
  weights.set(name + ".bias", random_array({shape[0]}, seed + 100, 0.1F));
  weights.set(name + ".weight", random_array(std::move(shape), seed, scale));
}

/// A class convolution and global pooling, as SqueezeNet; pools that round up.
Network squeezing() {
  Graph g;
  Weights w;
  Window pool = square(3, 2);
  pool.ceil = true;
  g.then("input", op::Normalise{{0.5F, 0.4F, 0.3F}, {0.2F, 0.3F, 0.4F}, 1, false});
  g.then("conv1", op::Conv{square(3, 2), 8, 1, true}, "conv1");
  g.then("relu1", op::Relu{});
  g.then("pool1", op::MaxPool{pool});
  const int left = g.then("left", op::Conv{square(1), 6, 1, true}, "left");
  const int right = g.add("right", op::Conv{square(3, 1, 1), 6, 1, true}, {left - 1}, "right");
  g.add("join", op::Concat{}, {left, right});
  g.then("relu2", op::Relu{});
  g.then("classes", op::Conv{square(1), 5, 1, true}, "classes");
  g.then("pool", op::AdaptiveAvgPool{});
  give(w, "conv1", {8, 3, 3, 3}, 1);
  give(w, "left", {6, 8, 1, 1}, 2);
  give(w, "right", {6, 8, 3, 3}, 3);
  give(w, "classes", {5, 12, 1, 1}, 4);
  return {std::move(g), std::move(w)};
}

/// A residual block, mirrored borders, response normalisation, and a Softmax at the end.
Network residual() {
  Graph g;
  Weights w;
  g.then("input", op::Normalise{{0.5F, 0.5F, 0.5F}, {0.25F, 0.25F, 0.25F}, 1, true});
  g.then("mirror", op::ReflectPad{Padding::all(1)});
  g.then("conv1", op::Conv{square(3), 6, 1, true}, "conv1");
  g.then("norm", op::Lrn{});
  const int from = g.then("relu1", op::Relu{});
  g.then("conv2", op::Conv{square(3, 1, 1), 6, 1, true}, "conv2");
  const int to = g.then("relu2", op::Relu{});
  g.add("add", op::Add{}, {to, from});
  g.then("pool", op::AvgPool{square(2, 2)});
  g.then("conv3", op::Conv{square(3, 2, 1), 8, 2, true}, "conv3");
  g.then("relu3", op::Relu{});
  g.then("pool2", op::AdaptiveAvgPool{{3, 2}});
  g.then("flat", op::Flatten{});
  g.then("fc", op::Linear{4, true}, "fc");
  g.then("softmax", op::Softmax{});
  give(w, "conv1", {6, 3, 3, 3}, 11);
  give(w, "conv2", {6, 6, 3, 3}, 12);
  give(w, "conv3", {8, 3, 3, 3}, 13);
  give(w, "fc", {4, 8 * 3 * 2}, 14);
  return {std::move(g), std::move(w)};
}

std::vector<float> values(const Tensor& t) { return {t.data(), t.data() + t.count()}; }

OcclusionOptions small_options(OcclusionEngine engine) {
  OcclusionOptions options;
  options.patch = {9, 8};
  options.stride = {7, 8};
  options.engine = engine;
  return options;
}

// Large enough for rectangles to pay, with clipped windows below and on the right.
constexpr int kHeight = 76, kWidth = 83;

class OcclusionOfANetwork : public ::testing::TestWithParam<Network (*)()> {
 protected:
  OcclusionResult run(const OcclusionOptions& options, std::uint64_t index = 0) const {
    return Occlusion(context_, network_, kHeight, kWidth, options).run(image_, index);
  }

  Context context_{{.device = "cpu", .seed = 4}};
  Network network_ = GetParam()();
  Tensor image_ = random_image({1, 3, kHeight, kWidth}, 30);
};

INSTANTIATE_TEST_SUITE_P(Networks, OcclusionOfANetwork, ::testing::Values(squeezing, residual),
                         [](const auto& p) { return p.index == 0 ? "squeezing" : "residual"; });

// fp32: a logit is a sum of some 300 products of about 1, each engine and batch in its own order.
constexpr float kRounding = 2e-5F;

/// Window by window in a session of one image.
TEST_P(OcclusionOfANetwork, DenseIsASessionOfEachCopy) {
  OcclusionOptions o = small_options(OcclusionEngine::dense);
  o.score = OcclusionScore::logit;
  o.target = 1;
  const OcclusionGrid grid(kHeight, kWidth, o.patch, o.stride);
  const Classifier one = make_classifier(context_, network_, kHeight, kWidth, 1);
  const Tensor clean = one(image_);
  std::vector<float> drops;
  for (std::int64_t i = 0; i < grid.count(); ++i) {
    Tensor copy = random_image(image_.shape(), 30);
    const OcclusionWindow w = grid.window(i);
    for (std::int64_t j = 0; j < copy.count(); ++j) {
      const std::int64_t y = j / kWidth % kHeight - w.top, x = j % kWidth - w.left;
      if (y >= 0 && y < w.height && x >= 0 && x < w.width) copy.data()[j] = 0.5F;
    }
    drops.push_back(clean.data()[1] - one(copy).data()[1]);
  }
  const OcclusionResult result = run(o);
  EXPECT_NEAR(result.clean, clean.data()[1], kRounding);
  EXPECT_THAT(values(result.grid), Pointwise(FloatNear(kRounding), drops));
}

TEST_P(OcclusionOfANetwork, IncrementalIsDense) {
  for (OcclusionBaseline baseline :
       {OcclusionBaseline::grey, OcclusionBaseline::blur, OcclusionBaseline::noise}) {
    for (Extent patch : {Extent{9, 8}, Extent{kHeight, kWidth}, Extent{1, 19}}) {
      OcclusionOptions o = small_options(OcclusionEngine::dense);
      o.patch = patch;
      o.stride = {std::min(patch.h, 7), std::min(patch.w, 8)};
      o.baseline = baseline;
      o.score = OcclusionScore::logit;
      const OcclusionResult dense = run(o, 3);
      o.engine = OcclusionEngine::incremental;
      const OcclusionResult incremental = run(o, 3);
      EXPECT_EQ(incremental.predicted, dense.predicted);
      EXPECT_NEAR(incremental.clean, dense.clean, kRounding);
      EXPECT_THAT(values(incremental.grid), Pointwise(FloatNear(kRounding), values(dense.grid)));
      EXPECT_THAT(values(incremental.map), Pointwise(FloatNear(kRounding), values(dense.map)));
    }
  }
}

TEST_P(OcclusionOfANetwork, TheBatchChangesNoMoreThanRounding) {
  OcclusionOptions o = small_options(OcclusionEngine::dense);
  o.baseline = OcclusionBaseline::noise;
  o.batch = 1;
  const OcclusionResult one = run(o);
  o.batch = 7;
  EXPECT_THAT(values(run(o).grid), Pointwise(FloatNear(kRounding), values(one.grid)));
}

TEST_P(OcclusionOfANetwork, SameBytesTwice) {
  for (OcclusionEngine engine : {OcclusionEngine::dense, OcclusionEngine::incremental}) {
    OcclusionOptions o = small_options(engine);
    o.baseline = OcclusionBaseline::noise;
    Occlusion occlusion(context_, network_, kHeight, kWidth, o);
    const std::vector<float> first = values(occlusion.run(image_, 2).map);
    occlusion.run(random_image(image_.shape(), 31), 5);  // leaves nothing behind
    EXPECT_EQ(values(occlusion.run(image_, 2).map), first);
    EXPECT_EQ(values(run(o, 2).map), first);
  }
}

TEST_P(OcclusionOfANetwork, ThePlanSaysWhatAndWhy) {
  const auto plan = [&](OcclusionEngine engine, std::int64_t batch = 0) {
    OcclusionOptions o = small_options(engine);
    o.batch = batch;
    return Occlusion(context_, network_, kHeight, kWidth, o).plan();
  };
  const OcclusionPlan chosen = plan(OcclusionEngine::automatic);
  EXPECT_EQ(chosen.windows, 11 * 11);
  EXPECT_GT(chosen.incremental_flops, 0);
  EXPECT_GT(chosen.dense_flops, chosen.incremental_flops);
  EXPECT_EQ(chosen.engine, chosen.incremental_seconds < chosen.dense_seconds
                               ? OcclusionEngine::incremental
                               : OcclusionEngine::dense);
  EXPECT_THAT(chosen.reason, HasSubstr("times as fast"));
  EXPECT_EQ(plan(OcclusionEngine::dense).reason, "asked for");
  EXPECT_EQ(plan(OcclusionEngine::dense, 7).batch, 7);
  EXPECT_EQ(plan(OcclusionEngine::dense).batch, 61);  // two passes of 122 images
  EXPECT_EQ(plan(OcclusionEngine::incremental).engine, OcclusionEngine::incremental);
}

TEST_P(OcclusionOfANetwork, RefusesWhatItCannotDo) {
  const auto of = [&](std::int64_t side, std::int64_t target) {
    return [&, side, target] {
      OcclusionOptions o = small_options(OcclusionEngine::automatic);
      o.target = target;
      Occlusion(context_, network_, side, side, o);
    };
  };
  EXPECT_THAT(of(24, 99), ThrowsMessage<UsageError>(HasSubstr("--class 99: the network has the")));
  EXPECT_THAT(of(3, 0), ThrowsMessage<UsageError>(HasSubstr("--patch 9x8: larger than the 3x3")));
}

TEST(OcclusionRefuses, NetworksWithoutOneScoreAClass) {
  const Context context({.device = "cpu"});
  const Network maps = testing::small_network();
  EXPECT_THAT([&] { Occlusion(context, maps, 24, 24, {}); },
              ThrowsMessage<UsageError>(HasSubstr("no class scores")));
  Graph graph;
  graph.then("input", op::Normalise{{0, 0, 0}, {1, 1, 1}, 1, false});
  graph.then("conv", op::Conv{square(20), 4, 1, true}, "conv");
  Weights weights;
  give(weights, "conv", {4, 3, 20, 20}, 1);
  const Network sliding(std::move(graph), std::move(weights));
  EXPECT_THAT([&] { Occlusion(context, sliding, 24, 24, {}); },
              ThrowsMessage<Error>(AllOf(HasSubstr("'conv' are 5x5 maps"), HasSubstr("24x24"))));
  EXPECT_THAT([&] { Occlusion(context, sliding, 18, 18, {}); },
              ThrowsMessage<Error>(HasSubstr("too small")));
}

TEST(BatchFor, FillsItsPassesEvenly) {
  const Context context({.device = "cpu"});
  const Network network = squeezing();
  EXPECT_EQ(batch_for(context, network, 24, 27, 1), 1);
  EXPECT_EQ(batch_for(context, network, 24, 27, 64), 64);
  EXPECT_EQ(batch_for(context, network, 24, 27, 65), 33);
  EXPECT_EQ(batch_for(context, network, 24, 27, 785), 61);  // 13 passes: 793
}

}  // namespace
}  // namespace phosphene
