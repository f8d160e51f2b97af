// Every family of classifiers against torchvision's and timm's modules in double precision, at an
// eighth of the width and with arrays drawn by their names: logits and the gradient at the image.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "phosphene/models.hpp"
#include "tests/golden/golden.hpp"

namespace phosphene::golden {
namespace {

using reference::Random;
using reference::read;
using reference::relative_l2;
using reference::seed_of;

struct Classifier {
  const char* model;
  int depth;              ///< layers with weights, one behind the other
  bool of_cifar = false;  ///< as narrow as it is published
  bool small_stem = false;
};

constexpr std::int64_t kNarrower = 8;

/// fnv1a of golden_models.py.
std::uint64_t seed_of_name(const std::string& name) {
  std::uint64_t value = 0xCBF29CE484222325;
  for (const char c : name) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return value;
}

/// draw of golden_models.py.
HostArray drawn_array(const std::string& name, std::vector<std::int64_t> shape) {
  std::int64_t fan_in = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) fan_in *= shape[i];
  float low = -0.3F, high = 0.3F;
  if (shape.size() > 1) {
    high = static_cast<float>(std::sqrt(6.0 / static_cast<double>(fan_in)));
    low = -high;
  } else if (name.ends_with("running_var") || name.ends_with("weight")) {
    low = 0.5F;
    high = 1.5F;
  }
  HostArray array{std::move(shape), {}};
  const Values values = Random(seed_of_name(name)).values(array.shape[0] * fan_in, low, high);
  array.values.assign(values.begin(), values.end());
  return array;
}

/// The arrays that the engine's own network of full width has, narrowed: if a name or a published
/// width were not the peer's, the numbers would not be either.
Weights narrow_weights(const Classifier& c) {
  const Network full = load_network({.model = c.model, .weights = "random:1"});
  Weights weights;
  weights.set_source(c.model);
  for (const auto& [name, array] : full.weights().arrays()) {
    std::vector<std::int64_t> shape = array.shape;
    for (std::size_t i = 0; i < std::min<std::size_t>(2, shape.size()); ++i) {
      if (!c.of_cifar && shape[i] != 3) shape[i] /= kNarrower;
    }
    if (c.small_stem && name == "conv1.weight") shape[2] = shape[3] = 3;
    weights.set(name, drawn_array(name, shape));
  }
  return weights;
}

class ClassifierGolden : public testing::TestWithParam<Classifier> {};

/// fp32 rounds to 6e-8; each layer adds a few times that (sums of up to 1200 products in blocks,
/// without bias to either side) and passes on what it received at about its size: sqrt(depth) x
/// 3e-7. No unit is within 1e-5 of its scale of where it switches, so that gradients, which pass
/// the layers again, have sqrt(2) times the error. A factor of two for other orders of summation.
TEST_P(ClassifierGolden, LogitsAndGradientAreThePeers) {
  const Classifier& c = GetParam();
  const std::string name = c.small_stem ? std::string(c.model) + "_small" : c.model;
  const Weights golden = load("classifiers");
  const Values where = values(golden, name + ".image");
  const Network network = make_model(c.model, narrow_weights(c));
  const std::string scores = score_layer(network.graph());
  const auto h = static_cast<std::int64_t>(where[1]), w = static_cast<std::int64_t>(where[2]);
  const Context context({.device = "cpu"});
  Session session(context, network, {.height = h, .width = w, .batch = 1, .taps = {scores}});
  session.forward(picture({1, 3, h, w}, static_cast<std::uint64_t>(where[0])), 1);
  const Tensor& logits = session.tap(scores);
  EXPECT_EQ(logits.count(), class_count(network.graph()));

  const double forward = 2 * std::sqrt(c.depth) * 3e-7;
  EXPECT_LE(relative_l2(read(logits), values(golden, name + ".logits")), forward);
  const std::vector seeds{seed_of(scores, Random(100).values(logits.count(), -1, 1))};
  EXPECT_LE(relative_l2(sampled(read(session.backward(seeds))), values(golden, name + ".gradient")),
            std::sqrt(2) * forward);
}

INSTANTIATE_TEST_SUITE_P(
    Models, ClassifierGolden,
    testing::Values(Classifier{"alexnet", 8}, Classifier{"resnet18", 18, false, true},
                    Classifier{"resnet34", 34}, Classifier{"resnet50", 50},
                    Classifier{"resnet20_cifar10", 20, true},
                    Classifier{"resnet56_cifar10", 56, true}, Classifier{"googlenet_bvlc", 22},
                    Classifier{"googlenet", 22}, Classifier{"squeezenet1_0", 18},
                    Classifier{"squeezenet1_1", 18}, Classifier{"densenet121", 121},
                    Classifier{"densenet169", 169}, Classifier{"convnetjs_cifar10", 4, true},
                    Classifier{"convexadv_cifar_small", 4, true}),
    [](const auto& test) { return std::string(test.param.model); });

}  // namespace
}  // namespace phosphene::golden
