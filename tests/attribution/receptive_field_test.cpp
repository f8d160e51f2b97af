// Receptive fields against where a gradient is not zero: with positive weights, standing still at a
// positive image, and average instead of maximum pooling, none cancels.
#include "phosphene/receptive_field.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "phosphene/error.hpp"
#include "phosphene/methods/saliency.hpp"
#include "tests/attribution/classifiers.hpp"
#include "tests/reference/node_cases.hpp"

namespace phosphene {
namespace {

Network with_positive_weights(const Graph& graph, const Shape& image) {
  const Network random = reference::random_network(graph, image, 1);
  Weights weights;
  for (const auto& [name, array] : random.weights().arrays()) {
    HostArray positive = array;
    for (float& v : positive.values) v = std::abs(v) + 0.01F;
    weights.set(name, std::move(positive));
  }
  return {graph, std::move(weights)};
}

PixelBox box_of_gradient(const Context& context, const Network& network, const Tensor& image,
                         const Target& target) {
  const Tensor map = max_abs(saliency(context, network, image, {.target = target}).attribution);
  const Shape& s = map.shape();
  std::int64_t top = s.h, left = s.w, bottom = 0, right = 0;
  for (std::int64_t i = 0; i < s.pixels(); ++i) {
    if (map.data()[i] == 0) continue;
    top = std::min(top, i / s.w);
    bottom = std::max(bottom, i / s.w + 1);
    left = std::min(left, i % s.w);
    right = std::max(right, i % s.w + 1);
  }
  return {top, left, bottom - top, right - left};
}

/// Strides, dilation, paddings of four numbers, ceil mode, mirroring, bins, branches.
std::vector<Graph> graphs() {
  const auto begin = [] {
    Graph graph;
    graph.then("input", op::Normalise{{-0.1F, -0.1F, -0.1F}, {1, 1, 1}, 1, false});
    return graph;
  };
  std::vector<Graph> all;
  Graph plain = begin();
  plain.then("a", op::Conv{{{3, 5}, {2, 1}, {}, {1, 2, 0, 1}, false}, 2, 1, true}, "a");
  plain.then("b", op::Conv{{{3, 2}, {1, 2}, {2, 1}, {}, false}, 2, 1, true}, "b");
  plain.then("out", op::AvgPool{{{3, 3}, {2, 2}, {}, Padding::all(1), true}, true});
  all.push_back(plain);
  Graph mirrored = begin();
  mirrored.then("pad", op::ReflectPad{{3, 2, 1, 4}});
  mirrored.then("a", op::Conv{testing::square(3), 2, 1, true}, "a");
  mirrored.then("out", op::AdaptiveAvgPool{{4, 3}});
  all.push_back(mirrored);
  Graph branches = begin();
  const int stem = branches.then("stem", op::Conv{testing::square(3, 2, 1), 2, 1, true}, "stem");
  const int wide =
      branches.add("wide", op::Conv{testing::square(5, 1, 2), 2, 1, true}, {stem}, "w");
  const int narrow = branches.add("narrow", op::Conv{testing::square(1), 2, 1, true}, {stem}, "n");
  const int joined = branches.add("join", op::Concat{}, {narrow, wide});
  branches.add("out", op::Relu{}, {joined});
  all.push_back(branches);
  return all;
}

TEST(ReceptiveField, IsWhereTheGradientIsNotZero) {
  const Context context({.device = "cpu"});
  const Shape shape{1, 3, 19, 23};
  const Tensor image = testing::random_image(shape, 1);
  for (const Graph& graph : graphs()) {
    const Network network = with_positive_weights(graph, shape);
    const Shape maps = graph.infer_shapes(shape).back();
    for (std::int64_t y = 0; y < maps.h; ++y) {
      for (std::int64_t x = 0; x < maps.w; x += 2) {
        const PixelBox seen = box_of_gradient(context, network, image, {"out", maps.c - 1, y, x});
        EXPECT_EQ(receptive_field(graph, "out", y, x, shape), seen)
            << graph[2].name << ' ' << y << ' ' << x << ": " << seen.top << ' ' << seen.left << ' '
            << seen.height << ' ' << seen.width;
      }
    }
  }
}

TEST(ReceptiveField, OfAFlattenedLayerIsAll) {
  const Graph graph = testing::dense_classifier();
  EXPECT_EQ(receptive_field(graph, "fc6", 0, 0, testing::kImage), (PixelBox{0, 0, 12, 14}));
  EXPECT_EQ(receptive_field(graph, "conv1", 5, 6, testing::kImage), (PixelBox{4, 5, 3, 3}));
  EXPECT_EQ(receptive_field(graph, "conv1", 0, 13, testing::kImage), (PixelBox{0, 12, 2, 2}));
}

TEST(ReceptiveField, RefusesAPlaceThatIsNotThere) {
  const Graph graph = testing::features();
  EXPECT_THAT([&] { receptive_field(graph, "pool1", 6, 0, testing::kImage); },
              ::testing::ThrowsMessage<UsageError>(::testing::HasSubstr("'pool1' is 6 x 7")));
  EXPECT_THROW(receptive_field(graph, "pool2", 0, 0, testing::kImage), UsageError);
}

}  // namespace
}  // namespace phosphene
