#include "phosphene/models.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "phosphene/error.hpp"
#include "tests/engine/small_network.hpp"

namespace phosphene {
namespace {

using ::testing::HasSubstr;
using testing::random_array;
using ::testing::ThrowsMessage;

/// VGG-11's first two blocks, four and six channels wide, under torchvision's names.
Weights two_blocks() {
  Weights w;
  w.set_source("two_blocks");
  w.set("features.0.weight", random_array({4, 3, 3, 3}, 1, 0.3F));
  w.set("features.0.bias", random_array({4}, 2, 0.3F));
  w.set("features.3.weight", random_array({6, 4, 3, 3}, 3, 0.3F));
  w.set("features.3.bias", random_array({6}, 4, 0.3F));
  return w;
}

const op::Normalise& input_of(const Network& network) {
  return std::get<op::Normalise>(network.graph()[1].op);
}

TEST(Vgg, EndsWhereTheWeightsEnd) {
  const Network network = make_model("vgg11", two_blocks());
  EXPECT_EQ(network.graph()[network.graph().size() - 1].name, "pool2");
  EXPECT_EQ(std::get<op::Conv>(network.graph()[network.graph().find("conv2_1")].op).out_channels,
            6);
  EXPECT_FLOAT_EQ(input_of(network).mean[0], 0.485F);
}

TEST(Vgg, MetadataTellsInputAndPadding) {
  Weights w = two_blocks();
  w.set_metadata({{"input", "BGR 0..255 minus (104.5, 116,123)"}, {"padding", "reflect"}});
  const Network network = make_model("vgg11", std::move(w));
  EXPECT_TRUE(input_of(network).reverse);
  EXPECT_FLOAT_EQ(input_of(network).scale, 255);
  EXPECT_FLOAT_EQ(input_of(network).mean[0], 104.5F);
  EXPECT_NO_THROW(network.graph().find("pad2_1"));
}

TEST(Vgg, RefusesOtherFiles) {
  Weights other = two_blocks();
  other.set("layer1.0.conv1.weight", random_array({4, 4, 3, 3}, 1, 1));
  EXPECT_THAT(
      [&] { make_model("vgg11", std::move(other)); },
      ThrowsMessage<Error>(HasSubstr("it has 'layer1.0.conv1.weight' but no 'features.6.weight'")));
  Weights none;
  none.set_source("some.safetensors");
  none.set("conv1.weight", random_array({4, 3, 7, 7}, 1, 1));
  EXPECT_THAT([&] { make_model("vgg19", std::move(none)); },
              ThrowsMessage<Error>(HasSubstr("some.safetensors: holds no vgg19 weights")));
  Weights wrong = two_blocks();
  wrong.set("features.3.weight", random_array({6, 5, 3, 3}, 1, 1));
  EXPECT_THAT([&] { make_model("vgg11", std::move(wrong)); },
              ThrowsMessage<Error>(HasSubstr("has shape [6, 5, 3, 3], expected [6, 4, 3, 3]")));
  Weights named = two_blocks();
  named.set_metadata({{"model", "vgg16"}});
  EXPECT_THAT([&] { make_model("vgg11", std::move(named)); },
              ThrowsMessage<Error>(HasSubstr("holds the weights of vgg16")));
  Weights input = two_blocks();
  input.set_metadata({{"input", "grey"}});
  EXPECT_THAT([&] { make_model("vgg11", std::move(input)); },
              ThrowsMessage<Error>(HasSubstr("metadata 'input' is 'grey'")));
  Weights missing = two_blocks();
  missing.set("features.6.weight", random_array({8, 6, 3, 3}, 1, 1));
  EXPECT_THAT([&] { make_model("vgg11", std::move(missing)); },
              ThrowsMessage<Error>(HasSubstr("has no tensor 'features.6.bias'")));
}

TEST(Vgg, RefusesLayersWithoutChannels) {
  Weights w = two_blocks();
  w.set("features.3.weight", {{0, 4, 3, 3}, {}});
  w.set("features.3.bias", {{0}, {}});
  EXPECT_THAT([&] { make_model("vgg11", std::move(w)); },
              ThrowsMessage<Error>(HasSubstr("layer 'conv2_1': has 0 output channels")));
}

/// What a file says is quoted on one line, whatever it says.
TEST(Vgg, KeepsMessagesToOneLine) {
  const auto expect_line = [](const std::function<void(Weights&)>& change, const char* part) {
    Weights w = two_blocks();
    change(w);
    EXPECT_THAT([&] { make_model("vgg11", std::move(w)); }, ThrowsMessage<Error>(HasSubstr(part)));
  };
  expect_line([](Weights& w) { w.set_metadata({{"model", "a\nb"}}); }, "weights of a?b, not");
  expect_line([](Weights& w) { w.set_metadata({{"padding", "a\x1b[1m"}}); }, "is 'a?[1m'");
  expect_line([](Weights& w) { w.set_metadata({{"input", "a\nb"}}); }, "is 'a?b'");
  expect_line([](Weights& w) { w.set("a\nb", {{0}, {}}); }, "it has 'a?b'");
  Weights other;
  other.set("a\nb", {{0}, {}});
  EXPECT_THAT([&] { make_model("vgg11", std::move(other)); },
              ThrowsMessage<Error>(HasSubstr("found e.g. 'a?b'")));
  Weights near;
  near.set("bia\n", {{0}, {}});
  EXPECT_THAT([&] { near.at("bias"); }, ThrowsMessage<Error>(HasSubstr("near: bia?")));
}

TEST(Models, RandomWeightsAreHeInitialisedAndRepeat) {
  const Network a = load_network({.model = "vgg11", .weights = "random:3"}),
                b = load_network({.model = "vgg11", .weights = "random:3"});
  const std::vector<float>& w = a.weights().at("conv31.weight").values;
  EXPECT_EQ(w, b.weights().at("conv31.weight").values);
  double sum = 0, squares = 0;
  for (float x : w) {
    sum += x;
    squares += double{x} * x;
  }
  const auto n = static_cast<double>(w.size());  // 256 x 128 x 9 = 294912
  const double variance = 2.0 / (9 * 128);
  // Five standard errors: sqrt(variance / n) of the mean, variance sqrt(2 / n) of the variance.
  EXPECT_NEAR(sum / n, 0, 5 * std::sqrt(variance / n));
  EXPECT_NEAR(squares / n, variance, 5 * variance * std::sqrt(2 / n));
}

/// Of a VGG with its statistics at rest: BatchNorm is the identity.
TEST(Models, RandomBatchNormDoesNothing) {
  const Network network = load_network({.model = "vgg11_bn", .weights = "random:1"});
  EXPECT_EQ(network.weights().at("features.1.running_var").values, std::vector<float>(64, 1));
  EXPECT_EQ(network.weights().at("features.1.weight").values, std::vector<float>(64, 1));
  EXPECT_EQ(network.weights().at("features.1.running_mean").values, std::vector<float>(64));
}

TEST(Models, OptionsGoBeforeTheFile) {
  const auto with_input = [](const char* input) {
    Weights w = two_blocks();
    w.set_metadata({{"input", input}, {"input_size", "96"}, {"labels", "cat,dog"}});
    return w;
  };
  const Network said = make_model("vgg11", with_input("RGB 0..1 minus (.1,.2,.3), 64x64"));
  EXPECT_FLOAT_EQ(input_of(said).mean[1], 0.2F);
  EXPECT_EQ(said.info().input_size, 96);
  EXPECT_EQ(said.info().model, "vgg11");
  EXPECT_TRUE(said.info().labels.empty()) << "it ends before its classes";
  const Network given =
      make_model("vgg11", with_input("BGR 0..255 minus (1,2,3)"),
                 {.mean = {104, 117, 123}, .std = {57, 58, 59}, .input_size = 48});
  EXPECT_TRUE(input_of(given).reverse);
  EXPECT_FLOAT_EQ(input_of(given).mean[1], 117);
  EXPECT_FLOAT_EQ(input_of(given).std[2], 59);
  EXPECT_EQ(given.info().input_size, 48);

  const auto refused = [&](const NetworkOptions& options, const char* message) {
    EXPECT_THAT([&] { make_model("vgg11", two_blocks(), options); },
                ThrowsMessage<UsageError>(HasSubstr(message)));
  };
  refused({.mean = {0.5F, 0.5F}}, "--mean: expected 3 numbers of at least 0");
  refused({.mean = {104, 117, 123}}, "--mean: the network reads pixels in 0..1");
  refused({.std = {1, 1, 0}}, "--std: expected 3 numbers over 0");
  refused({.input_size = -1}, "--input-size -1: expected at least 1");
  refused({.labels = "cat,dog"},
          "--labels cat,dog: the network has no class scores: it ends in the feature "
          "maps of 'pool2' (MaxPool)");
  refused({.labels = "nowhere.txt"}, "--labels nowhere.txt: no such file");
}

TEST(Models, ErrorsNameTheFlag) {
  EXPECT_THAT([] { load_network({.model = "vgg12", .weights = "random:1"}); },
              ThrowsMessage<UsageError>(
                  "--model 'vgg12': no such model; near: vgg11, vgg13, vgg16, vgg19"));
  // The name's beginning says more than its letters, of which resnet50 has more.
  EXPECT_THAT([] { load_network({.model = "resnet20", .weights = "random:1"}); },
              ThrowsMessage<UsageError>(HasSubstr("near: resnet20_cifar10, ")));
  EXPECT_THAT([] { load_network({.model = "vgg11", .weights = "random:x"}); },
              ThrowsMessage<UsageError>(HasSubstr("random:SEED")));
  EXPECT_THAT([] { load_network({.model = "vgg11", .weights = "never_fetched"}); },
              ThrowsMessage<UsageError>(HasSubstr("scripts/fetch_weights.sh never_fetched")));
}

TEST(Models, AveragePoolingTakesThePlaceOfMax) {
  const Network network = make_model("vgg11", two_blocks());
  const Graph average = with_average_pooling(network.graph());
  EXPECT_TRUE(std::holds_alternative<op::AvgPool>(average[average.find("pool1")].op));
  EXPECT_EQ(average.size(), network.graph().size());
}

}  // namespace
}  // namespace phosphene
