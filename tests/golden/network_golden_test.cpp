// Networks against PyTorch in double precision: activations, and gradients from several taps at
// once under the three ReLU rules.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "phosphene/models.hpp"
#include "tests/golden/golden.hpp"

namespace phosphene::golden {
namespace {

using reference::Random;
using reference::read;
using reference::relative_l2;
using reference::seed_of;

/// fp32 rounds to 6e-8; each of the up to 13 convolutions adds a few times that (sums of up to 576
/// products in blocks, without bias to either side) and passes on what it received at about its
/// size: sqrt(13) x 3e-7 = 1e-6. The pictures keep every ReLU's input 1e-5 of its scale away from
/// 0, so that rounding switches none and gradients, which pass the same layers again, have sqrt(2)
/// times the error. With a factor of two for other machines' order of summation:
constexpr double kForward = 2e-6;
constexpr double kBackward = 3e-6;

constexpr std::array kRules{std::pair{"standard", ReluRule::standard},
                            std::pair{"deconvnet", ReluRule::deconvnet},
                            std::pair{"guided", ReluRule::guided}};

/// The seed drawn as number `index` of a golden, for the tap as the session has it.
Seed drawn(const Session& session, const std::string& tap, std::uint64_t index) {
  return seed_of(tap, Random(index).values(session.tap(tap).count(), -1, 1));
}

class NetworkGolden : public testing::Test {
 protected:
  Session open(const Network& network, const Tensor& image, std::vector<std::string> taps) {
    const Shape& s = image.shape();
    Session session(context_, network,
                    {.height = s.h, .width = s.w, .batch = s.n, .taps = std::move(taps)});
    session.forward(image, s.n);
    return session;
  }

  Context context_{ContextOptions{.device = "cpu"}};
};

TEST_F(NetworkGolden, Vgg19Activations) {
  const Network network = make_model("vgg19", load("vgg19_narrow"));
  const Weights golden = load("vgg19_forward");
  const std::vector<std::string> taps{"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"};
  const Session session =
      open(network, picture({1, 3, 48, 40}, stored_seed(golden, "image_seed")), taps);
  for (const std::string& tap : taps) {
    EXPECT_LE(relative_l2(read(session.tap(tap)), values(golden, "tap." + tap)), kForward) << tap;
  }
}

TEST_F(NetworkGolden, Vgg19GradientFromThreeTapsUnderEachRule) {
  const Network network = make_model("vgg19", load("vgg19_narrow"));
  const Weights golden = load("vgg19_forward");
  Session session = open(network, picture({1, 3, 48, 40}, stored_seed(golden, "image_seed")),
                         {"conv3_1", "relu4_2", "relu5_1"});
  const std::vector seeds{drawn(session, "conv3_1", 100), drawn(session, "relu4_2", 101),
                          drawn(session, "relu5_1", 102)};
  for (const auto& [name, rule] : kRules) {
    EXPECT_LE(relative_l2(read(session.backward(seeds, rule)),
                          values(golden, std::string("gradient.") + name)),
              kBackward)
        << name;
  }
}

/// The network's file mixes float16, bfloat16 and float32.
TEST_F(NetworkGolden, BatchNormTapped) {
  const Network network = make_model("vgg11_bn", load("vgg11_bn_narrow"));
  const Weights golden = load("vgg11_bn_forward");
  const std::vector<std::string> taps{"conv3_1", "bn3_1", "relu3_1", "bn4_2",
                                      "relu5_2", "fc6",   "fc8"};
  Session session = open(network, picture({2, 3, 64, 48}, stored_seed(golden, "image_seed")), taps);
  for (const std::string& tap : taps) {
    EXPECT_LE(relative_l2(read(session.tap(tap)), values(golden, "tap." + tap)), kForward) << tap;
  }
  const std::vector seeds{drawn(session, "bn4_2", 100), drawn(session, "fc8", 101)};
  EXPECT_LE(relative_l2(read(session.backward(seeds)), values(golden, "gradient.both")), kBackward);
}

TEST_F(NetworkGolden, BatchNormFolded) {
  const Network network = make_model("vgg11_bn", load("vgg11_bn_narrow"));
  const Weights golden = load("vgg11_bn_forward");
  Session session =
      open(network, picture({2, 3, 64, 48}, stored_seed(golden, "image_seed")), {"fc8"});
  for (const std::string& step : session.steps()) {
    EXPECT_NE(step.find("bn"), 0U) << "not folded: " << step;
  }
  EXPECT_LE(relative_l2(read(session.tap("fc8")), values(golden, "tap.fc8")), kForward);
  const std::vector seeds{drawn(session, "fc8", 101)};
  EXPECT_LE(relative_l2(read(session.backward(seeds)), values(golden, "gradient.fc8")), kBackward);
}

/// The same arrays as timm names and shapes them: the first two linear layers are convolutions.
Weights as_timm(const Weights& torchvision) {
  Weights timm;
  timm.set_source("timm");
  for (const auto& [name, array] : torchvision.arrays()) {
    HostArray copy = array;
    std::string key = name;
    const bool weight = name.ends_with(".weight");
    for (const auto& [from, to, kernel] : {std::tuple{"classifier.0", "pre_logits.fc1", 7},
                                           {"classifier.3", "pre_logits.fc2", 1},
                                           {"classifier.6", "head.fc", 0}}) {
      if (!name.starts_with(from)) continue;
      key = to + name.substr(std::string(from).size());
      if (weight && kernel > 0) {
        copy.shape = {array.shape[0], array.shape[1] / (kernel * kernel), kernel, kernel};
      }
    }
    timm.set(key, std::move(copy));
  }
  return timm;
}

/// Maps of 7 x 8 before the head: torchvision pools them to 7 x 7, timm slides over them.
TEST_F(NetworkGolden, ClassifierHeadsOfTorchvisionAndTimm) {
  const Weights weights = load("vgg11_bn_narrow"), golden = load("vgg11_bn_forward");
  const Tensor image = picture({1, 3, 224, 256}, 7);
  for (const auto& [name, network] :
       {std::pair{"torchvision", make_model("vgg11_bn", weights)},
        std::pair{"timm", make_model("vgg11_bn", as_timm(weights))}}) {
    const Session session = open(network, image, {"fc8"});
    EXPECT_LE(relative_l2(read(session.tap("fc8")), values(golden, std::string(name) + ".fc8")),
              kForward)
        << name;
  }
  EXPECT_GT(relative_l2(values(golden, "timm.fc8"), values(golden, "torchvision.fc8")), 1e-3)
      << "the two heads were meant to differ here";
}

struct RealNetwork {
  const char* file;
  const char* model;
};

class RealNetworkGolden : public NetworkGolden, public testing::WithParamInterface<RealNetwork> {};

TEST_P(RealNetworkGolden, ActivationsAndGradients) {
  const std::string name = GetParam().file;
  const std::string file = test_data("weights/" + name + ".safetensors");
  if (file.empty()) GTEST_SKIP() << "no test data: PHOSPHENE_DATA/weights/" << name;
  const Network network = make_model(GetParam().model, Weights::load(file));
  const Weights golden = load("real_networks");
  const std::vector<std::string> taps{"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"};
  Session session = open(network, picture({1, 3, 48, 40}, 31), taps);
  std::vector<Seed> seeds;
  for (const std::string& tap : taps) {
    EXPECT_LE(relative_l2(sampled(read(session.tap(tap))), values(golden, name + "." + tap)),
              kForward)
        << tap;
    seeds.push_back(drawn(session, tap, 200 + seeds.size()));
  }
  // These have 1e5 to 1e6 units and no picture keeps all of them away from 0: now and then one
  // switches, and moves the pixels under it by its share of their gradient. Structure that is
  // wrong (padding, channel order, a rule) moves all of them by far more.
  for (const auto& [rule_name, rule] : kRules) {
    EXPECT_LE(relative_l2(sampled(read(session.backward(seeds, rule))),
                          values(golden, name + ".gradient." + rule_name)),
              5e-3)
        << rule_name;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, RealNetworkGolden,
                         testing::Values(RealNetwork{"vgg19_16x_SE5", "vgg19"},
                                         RealNetwork{"vgg16_hed", "vgg16"}),
                         [](const auto& test) { return std::string(test.param.file); });

}  // namespace
}  // namespace phosphene::golden
