// The classifier that is linked into the library, and networks whose weights are drawn anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "phosphene/classifier.hpp"
#include "phosphene/datasets/shapes.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"

namespace phosphene {
namespace {

NetworkOptions bundled() {
  NetworkOptions options;
  options.weights = "shapes";
  return options;
}

TEST(Bundled, SaysWhatItIs) {
  const Network network = load_network(bundled());
  EXPECT_EQ(network.info().model, "resnet8_shapes");
  EXPECT_EQ(network.info().input_size, kShapesSize);
  EXPECT_EQ(network.info().labels, shapes_labels());
  EXPECT_EQ(network.weights().source(), "shapes");
  EXPECT_LT(std::filesystem::file_size(PHOSPHENE_SOURCE_DIR "/models/shapes.safetensors"), 2000000);
}

TEST(Bundled, IsTheFileInTheSources) {
  const Weights file = Weights::load(PHOSPHENE_SOURCE_DIR "/models/shapes.safetensors");
  const Weights linked = Weights::bundled("shapes");
  EXPECT_EQ(linked.metadata(), file.metadata());
  ASSERT_EQ(linked.arrays().size(), file.arrays().size());
  for (const auto& [name, array] : file.arrays()) EXPECT_EQ(linked.at(name).values, array.values);
}

TEST(Bundled, RefusesOtherNames) { EXPECT_THROW(Weights::bundled("vgg19"), UsageError); }

// On the seed that training never saw. Both the pictures and the weights are fixed, so this is no
// matter of chance; rounding moves a score by 1e-5 and no more than a picture or two.
TEST(Bundled, NamesMoreThan98PerCentOfHeldPictures) {
  constexpr std::int64_t kCount = 400, kClasses = 8;
  const Context context(ContextOptions{.device = "cpu"});
  const Network network = load_network(bundled());
  const Classifier classifier = make_classifier(context, network, kShapesSize, kShapesSize, 50);
  Tensor images = Tensor::host({kCount, 3, kShapesSize, kShapesSize});
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < kCount; ++i) {
    const ShapesSample sample = shapes(2, static_cast<std::uint64_t>(i));
    std::copy_n(sample.image.data(), sample.image.count(),
                images.data() + i * sample.image.count());
    labels.push_back(sample.label);
  }
  const Tensor logits = classifier(images);
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < kCount; ++i) {
    const float* scores = logits.data() + i * kClasses;
    right +=
        std::max_element(scores, scores + kClasses) - scores == labels[static_cast<std::size_t>(i)];
  }
  EXPECT_GT(right, kCount * 98 / 100);
}

TEST(RandomWeights, AreDrawnByTheFanIn) {
  const Network trained = load_network(bundled());
  const Network drawn = with_random_weights(trained, 3);
  EXPECT_EQ(drawn.info().labels, trained.info().labels);
  EXPECT_EQ(drawn.weights().source(), "random:3");
  const HostArray& array = drawn.weights().at("layer3.0.conv2.weight");
  EXPECT_EQ(array.shape, trained.weights().at("layer3.0.conv2.weight").shape);
  double squares = 0;
  for (float value : array.values) squares += static_cast<double>(value) * value;
  const auto count = static_cast<double>(array.values.size());
  const double variance = squares / count, expected = 2.0 / (96 * 9);
  // The variance of n normal numbers has a relative standard deviation of sqrt(2 / n).
  EXPECT_NEAR(variance / expected, 1, 5 * std::sqrt(2 / count));
  for (float value : drawn.weights().at("bn1.running_var").values) EXPECT_EQ(value, 1);
  for (float value : drawn.weights().at("fc.bias").values) EXPECT_EQ(value, 0);
}

TEST(RandomWeights, FromANodeOnLeaveTheEarlierOnes) {
  const Network trained = load_network(bundled());
  const Network drawn = with_random_weights(trained, 3, "layer3.0.conv1");
  const auto same = [&](const std::string& name) {
    return drawn.weights().at(name).values == trained.weights().at(name).values;
  };
  for (const char* early : {"conv1.weight", "bn1.running_mean", "layer2.0.downsample.0.weight"}) {
    EXPECT_TRUE(same(early)) << early;
  }
  for (const char* late : {"layer3.0.conv1.weight", "layer3.0.bn1.running_var", "fc.weight"}) {
    EXPECT_FALSE(same(late)) << late;
  }
  EXPECT_THROW(with_random_weights(trained, 3, "layer4"), UsageError);
}

TEST(RandomWeights, AreTheSameForTheSameSeed) {
  const Network trained = load_network(bundled());
  const auto weight = [&](std::uint64_t seed) {
    return with_random_weights(trained, seed).weights().at("conv1.weight").values;
  };
  EXPECT_EQ(weight(1), weight(1));
  EXPECT_NE(weight(1), weight(2));
}

}  // namespace
}  // namespace phosphene
