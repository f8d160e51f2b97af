// The cone against the same network on whole occluded images: every node type, the corners of
// convolution and pooling, and random networks, for windows anywhere.
#include "engine/cone/cone.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/occlusion.hpp"
#include "phosphene/error.hpp"
#include "tests/reference/fixtures.hpp"
#include "tests/reference/node_cases.hpp"
#include "tests/reference/random_networks.hpp"

namespace phosphene::reference {
namespace {

using ops::Box;

constexpr std::uint64_t kImage = 77;

Tensor image_of(const Values& values, Shape shape) {
  Tensor image = Tensor::host(shape);
  write(values, image);
  return image;
}

/// The values at `tap` of the whole image behind each box.
Values dense(const Context& context, const Network& network, const std::string& tap,
             const Values& image, const Values& picture, Shape shape,
             const std::vector<Box>& boxes) {
  Values occluded;
  for (std::size_t b = 0; b < boxes.size(); ++b) {
    const kernels::NoiseKey key{context.seed(), kImage, static_cast<std::uint32_t>(b)};
    for (std::int64_t i = 0; i < shape.count(); ++i) {
      const std::int64_t row = i / shape.w % shape.h, col = i % shape.w;
      const Box& box = boxes[b];
      const bool hidden = row >= box.top && row < box.top + box.height && col >= box.left &&
                          col < box.left + box.width;
      occluded.push_back(!hidden           ? image[static_cast<std::size_t>(i)]
                         : picture.empty() ? kernels::uniform_noise(key, i)
                                           : picture[static_cast<std::size_t>(i)]);
    }
  }
  shape.n = static_cast<std::int64_t>(boxes.size());
  Session session(context, network, {shape.h, shape.w, shape.n, {tap}, false});
  session.forward(image_of(occluded, shape), shape.n);
  return read(session.tap(tap));
}

/// Of one pixel, at each corner, over each border, beside the image, empty, all of it and more; a
/// grid; and random ones.
std::vector<Box> boxes_on(std::int64_t height, std::int64_t width, Random& random) {
  const int h = static_cast<int>(height), w = static_cast<int>(width);
  std::vector<Box> boxes = {{0, 0, 1, 1},
                            {h - 1, w - 1, 1, 1},
                            {-2, w - 2, 4, 5},
                            {h - 2, -3, 9, 5},
                            {-1, -1, 3, 3},
                            {h / 2, w / 2, 1, 1},
                            {h / 2, w / 2, 2, 3},
                            {-9, 2, 4, 3},
                            {3, w + 4, 2, 2},
                            {2, 2, 0, 3},
                            {0, 0, h, w},
                            {-5, -5, h + 9, w + 9},
                            {0, w / 3, h, w / 4 + 1}};
  for (int top = 0; top < h; top += 4) {
    for (int left = 0; left < w; left += 4) boxes.push_back({top, left, 3, 3});
  }
  for (int i = 0; i < 6; ++i) {
    const auto draw = [&](int low, int high) {
      return static_cast<int>(random.uniform(static_cast<float>(low), static_cast<float>(high)));
    };
    boxes.push_back({draw(-3, h), draw(-3, w), draw(1, h / 2 + 2), draw(1, w / 2 + 2)});
  }
  return boxes;
}

/// Both sum the same products, of up to 600 in one layer, in another order: elements are off by
/// 4e-7 of their map's size, the worst of a few thousand by 2e-6; ten layers in a random walk come
/// to 6e-6, and two forward passes differ by sqrt(2) times that. A pixel that was not computed
/// again is off by its share in a sum, 1e-3 and more.
constexpr double kTolerance = 2e-5;

double root_mean_square(const Values& values) {
  double sum = 0;
  for (const double v : values) sum += v * v;
  return std::sqrt(sum / static_cast<double>(std::max<std::size_t>(values.size(), 1)));
}

/// The largest difference between elements over the root mean square of all.
double worst_gap(const Values& a, const Values& b) {
  double most = a.size() == b.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    most = std::max(most, std::abs(a[i] - b[i]));
  }
  return most / std::max(root_mean_square(b), 1e-30);
}

/// Plans from rectangles all the way in as many groups as there are sizes, to one group and a tail
/// on whole maps, in batches from one window to all.
std::vector<ConeOptions> plans(int steps) {
  std::vector<ConeOptions> list = {{std::size_t{1} << 40, ConePlan{steps, 99, 2}},
                                   {1, ConePlan{steps, 3, 0.75}},
                                   {1 << 14, ConePlan{steps / 2, 1, 2}},
                                   {1 << 13, ConePlan{steps * 3 / 4, 2, 0.5}}};
  list.emplace_back();  // what the costs choose
  return list;
}

double worst_distance(const Network& network, Shape shape, const std::string& tap,
                      std::uint64_t seed) {
  const Context context({.device = "cpu"});
  Random random(seed);
  shape.n = 1;
  const Values image = random.values(shape.count(), 0, 1);
  const Values picture = random.values(shape.count(), 0, 1);
  const std::vector<Box> boxes = boxes_on(shape.h, shape.w, random);
  const Tensor clean = image_of(image, shape), hidden = image_of(picture, shape);
  double worst = 0;
  for (const bool noisy : {false, true}) {
    const Values expected =
        dense(context, network, tap, image, noisy ? Values{} : picture, shape, boxes);
    EXPECT_GT(root_mean_square(expected), 0);
    for (const ConeOptions& options : plans(network.graph().size())) {
      ConeForward cone(context, network, shape.h, shape.w, tap, boxes, options);
      const Values got = read(cone.run(clean, {noisy ? nullptr : &hidden, kImage}));
      worst = std::max(worst, worst_gap(got, expected));
    }
  }
  return worst;
}

class ConeOfNodes : public testing::TestWithParam<NodeCase> {};
TEST_P(ConeOfNodes, EqualsWholeImages) {
  const NodeCase& node_case = GetParam();
  const Network network = random_network(node_case.graph, node_case.image, 5);
  for (const std::string& tap : node_case.taps) {
    EXPECT_LE(worst_distance(network, node_case.image, tap, 3), kTolerance) << tap;
  }
}
INSTANTIATE_TEST_SUITE_P(Nodes, ConeOfNodes, testing::ValuesIn(node_cases()),
                         [](const auto& test) { return test.param.name; });
INSTANTIATE_TEST_SUITE_P(Convolutions, ConeOfNodes, testing::ValuesIn(conv_cases()),
                         [](const auto& test) { return test.param.name; });

class ConeOfRandomNetworks : public testing::TestWithParam<int> {};
TEST_P(ConeOfRandomNetworks, EqualsWholeImages) {
  const auto seed = static_cast<std::uint64_t>(GetParam());
  const RandomGraph made = random_graph(seed);
  const Network network = random_network(made.graph, made.image, seed);
  EXPECT_LE(worst_distance(network, made.image, made.tap, seed), kTolerance)
      << describe(made.graph);
}
INSTANTIATE_TEST_SUITE_P(Seeds, ConeOfRandomNetworks, testing::Range(0, 40));

}  // namespace
}  // namespace phosphene::reference
