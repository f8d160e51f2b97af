// The cone against the same network on whole occluded images: every node type, the corners of
// convolution and pooling, and random networks, for windows anywhere.
#include "engine/cone/cone.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/occlusion.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"
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
/// The models have up to 60 layers of up to 4608 products: 1e-6 a layer, 8e-6 in a random walk, the
/// worst of a hundred scores three times that, and sqrt(2).
constexpr double kModelTolerance = 4e-5;

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
                      std::uint64_t seed, std::size_t most_boxes = 1000) {
  const Context context({.device = "cpu"});
  Random random(seed);
  shape.n = 1;
  const Values image = random.values(shape.count(), 0, 1);
  const Values picture = random.values(shape.count(), 0, 1);
  std::vector<Box> boxes = boxes_on(shape.h, shape.w, random);
  boxes.resize(std::min(boxes.size(), most_boxes));
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

struct ModelCase {
  std::string model;
  std::int64_t size;
  std::string tap;  ///< empty: the class scores
};
void PrintTo(const ModelCase& model, std::ostream* out) { *out << model.model; }

class ConeOfModels : public testing::TestWithParam<ModelCase> {};
TEST_P(ConeOfModels, EqualsWholeImages) {
  const auto& [model, size, tap] = GetParam();
  const Network network = load_network({.model = model, .weights = "random:1"});
  const std::string node = tap.empty() ? score_layer(network.graph()) : tap;
  EXPECT_LE(worst_distance(network, {1, 3, size, size}, node, 3, 7), kModelTolerance);
}
INSTANTIATE_TEST_SUITE_P(
    Families, ConeOfModels,
    testing::Values(ModelCase{"alexnet", 71, ""}, ModelCase{"vgg11_bn", 64, "pool5"},
                    ModelCase{"resnet18", 75, ""}, ModelCase{"resnet50", 70, ""},
                    ModelCase{"resnet20_cifar10", 32, ""}, ModelCase{"googlenet", 70, ""},
                    ModelCase{"googlenet_bvlc", 224, "inception_4a/output"},
                    ModelCase{"squeezenet1_0", 77, ""}, ModelCase{"squeezenet1_1", 77, ""},
                    ModelCase{"densenet121", 64, ""}, ModelCase{"convnetjs_cifar10", 32, ""},
                    ModelCase{"convexadv_cifar_small", 32, ""}),
    [](const auto& test) { return test.param.model; });

class Cone : public testing::Test {
 protected:
  static Graph graph() {
    Graph g = normalised_input(3);
    g.then("conv",
           op::Conv{.window = {.kernel = {3, 3}, .pad = Padding::all(1)}, .out_channels = 4},
           "conv");
    g.then("pool", op::AdaptiveAvgPool{});
    g.then("fc", op::Linear{.out_features = 2}, "fc");
    return g;
  }
  ConeForward make(std::span<const Box> boxes, const ConeOptions& options = {}) const {
    return {context_, network_, 12, 10, "fc", boxes, options};
  }

  Context context_{ContextOptions{.device = "cpu"}};
  Network network_ = random_network(graph(), {1, 3, 12, 10}, 1);
  Tensor image_ = image_of(Random(2).values(360, 0, 1), {1, 3, 12, 10});
};

// Of a box of 2 x 2 pixels inside, the convolution computes 4 x 4 outputs of 4 channels from 27
// products each; of one in a corner 3 x 3. The clean image takes 12 x 10, each box 4 x 2 for its
// scores.
TEST_F(Cone, CountsMultiplyAdds) {
  const std::vector<Box> boxes = {{4, 4, 2, 2}, {6, 3, 2, 2}, {0, 0, 2, 2}};
  const ConeEstimate estimate =
      make(boxes, {.batch_bytes = 0, .plan = ConePlan{2, 99, 1}}).estimate();
  EXPECT_EQ(estimate.groups, 2);
  EXPECT_EQ(estimate.flops, 2 * ((16 + 16 + 9 + 120) * 4 * 27 + 3 * 8));
  EXPECT_EQ(estimate.dense_flops, 2 * 3 * (120 * 4 * 27 + 8));
  EXPECT_EQ(estimate.dense_from, "pool");
}

TEST_F(Cone, GivesTheSameBytesTwice) {
  const std::vector<Box> boxes = {{4, 4, 2, 2}, {6, 3, 2, 2}, {0, 0, 2, 2}, {5, 5, 3, 3}};
  const ConeOptions options{1 << 12, ConePlan{2, 99, 1}};
  ConeForward cone = make(boxes, options);
  const Values first = read(cone.run(image_, {nullptr, 4}));
  const Tensor other = image_of(Random(3).values(360, 0, 1), image_.shape());
  EXPECT_NE(read(cone.run(other, {nullptr, 4})), first);
  EXPECT_NE(read(cone.run(image_, {nullptr, 5})), first);
  EXPECT_EQ(read(cone.run(image_, {nullptr, 4})), first);
  EXPECT_EQ(read(make(boxes, options).run(image_, {nullptr, 4})), first);
}

TEST_F(Cone, StopsWhereProgressSaysSo) {
  const std::vector<Box> boxes(20, Box{4, 4, 2, 2});
  std::vector<std::int64_t> told;
  ConeForward cone = make(boxes, {1, ConePlan{2, 99, 1}});
  EXPECT_FALSE(cone.run(image_, {},
                        [&](std::int64_t done) {
                          told.push_back(done);
                          return true;
                        })
                   .empty());
  EXPECT_EQ(told.size(), 20U) << "a batch of one box each";
  EXPECT_EQ(told.back(), 20);
  EXPECT_TRUE(cone.run(image_, {}, [](std::int64_t) { return false; }).empty());
}

TEST_F(Cone, RefusesWhatItCannotRun) {
  const std::vector<Box> boxes = {{4, 4, 2, 2}};
  EXPECT_THROW(make({}), UsageError);
  EXPECT_THROW(ConeForward(context_, network_, 12, 10, "fd", boxes), UsageError);
  EXPECT_THROW(ConeForward(context_, network_, 12, 10, network_.graph()[0].name, boxes),
               UsageError);
  EXPECT_THROW(make(boxes).run(image_of(Random(2).values(300, 0, 1), {1, 3, 10, 10}), {}),
               UsageError);
}

}  // namespace
}  // namespace phosphene::reference
