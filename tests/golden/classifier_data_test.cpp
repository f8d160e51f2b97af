// Trained classifiers on photographs whose class is known: as many right as PyTorch has.
// Preprocessing and input size come from the weights files.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "phosphene/classifier.hpp"
#include "phosphene/framing.hpp"
#include "phosphene/image.hpp"
#include "phosphene/models.hpp"
#include "tests/golden/golden.hpp"

namespace phosphene::golden {
namespace {

namespace fs = std::filesystem;

struct Known {
  const char* file;
  const char* model;
  std::int64_t size;  ///< that the file states
  int right;          ///< of 20 photographs, or of 1000 pictures
};

class KnownClassifier : public testing::TestWithParam<Known> {
 protected:
  void SetUp() override {
    const std::string file = std::string("weights/") + GetParam().file + ".safetensors";
    weights_ = test_data(file);
    if (weights_.empty()) GTEST_SKIP() << "no test data: PHOSPHENE_DATA/" << file;
  }
  Network network() const { return load_network({.model = GetParam().model, .weights = weights_}); }
  /// The strongest class of each image [n, 3, h, w].
  std::vector<std::int64_t> classes(const Network& network, const Tensor& images) const {
    const Shape& s = images.shape();
    const Tensor scores = make_classifier(context_, network, s.h, s.w, s.n)(images);
    const Values logits = reference::read(scores);
    const auto count = static_cast<std::ptrdiff_t>(class_count(network.graph()));
    std::vector<std::int64_t> strongest;
    for (auto row = logits.begin(); row != logits.end(); row += count) {
      strongest.push_back(std::max_element(row, row + count) - row);
    }
    return strongest;
  }

  std::string weights_;
  Context context_{ContextOptions{.device = "cpu"}};
};

using KnownPhotographs = KnownClassifier;

/// imagenet_NN_CLASS.jpg, the short side resized to the network's input, the centre cut out.
TEST_P(KnownPhotographs, AreClassifiedAsByPyTorch) {
  const std::string folder = test_data("images/imagenet20");
  if (folder.empty()) GTEST_SKIP() << "no test data: PHOSPHENE_DATA/images/imagenet20";
  const Network network = this->network();
  ASSERT_EQ(network.info().input_size, GetParam().size);
  int right = 0, photographs = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().stem().string();
    const std::int64_t truth = std::stol(name.substr(name.rfind('_') + 1));
    const Tensor photo = load_image(entry.path().string(), {});
    const Tensor seen = frame(context_, photo, network.info().input_size);
    right += classes(network, seen).at(0) == truth ? 1 : 0;
    ++photographs;
  }
  EXPECT_EQ(photographs, 20);
  EXPECT_EQ(right, GetParam().right);
}

INSTANTIATE_TEST_SUITE_P(Models, KnownPhotographs,
                         testing::Values(Known{"googlenet_bvlc", "googlenet_bvlc", 224, 16},
                                         Known{"squeezenet1_1", "squeezenet1_1", 227, 11}),
                         [](const auto& test) { return std::string(test.param.model); });

using KnownCifar = KnownClassifier;

/// CIFAR-10's binary layout: a byte for the class, then 32 x 32 bytes of each of R, G and B.
TEST_P(KnownCifar, AreClassifiedAsByPyTorch) {
  constexpr std::size_t kPixels = std::size_t{3} * 32 * 32, kBatch = 100;
  const std::string path = test_data("cifar10/test_first1000.bin");
  if (path.empty()) GTEST_SKIP() << "no test data: PHOSPHENE_DATA/cifar10/test_first1000.bin";
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  ASSERT_EQ(bytes.size(), 1000 * (1 + kPixels));
  const Network network = this->network();
  ASSERT_EQ(class_count(network.graph()), 10);
  Tensor images = Tensor::host({kBatch, 3, 32, 32});
  int right = 0;
  for (std::size_t first = 0; first < 1000; first += kBatch) {
    std::array<std::int64_t, kBatch> truth{};
    for (std::size_t i = 0; i < kBatch; ++i) {
      const char* record = bytes.data() + (first + i) * (1 + kPixels);
      truth[i] = *record;
      std::transform(record + 1, record + 1 + kPixels, images.data() + i * kPixels, [](char byte) {
        return static_cast<float>(static_cast<std::uint8_t>(byte)) / 255;
      });
    }
    const std::vector<std::int64_t> found = classes(network, images);
    for (std::size_t i = 0; i < kBatch; ++i) right += found[i] == truth[i] ? 1 : 0;
  }
  EXPECT_EQ(right, GetParam().right);
}

INSTANTIATE_TEST_SUITE_P(Models, KnownCifar,
                         testing::Values(Known{"resnet20_cifar10", "resnet20_cifar10", 32, 915},
                                         Known{"convnetjs_cifar10", "convnetjs_cifar10", 32, 756},
                                         Known{"convexadv_cifar_small_8px", "convexadv_cifar_small",
                                               32, 312}),
                         [](const auto& test) { return std::string(test.param.model); });

}  // namespace
}  // namespace phosphene::golden
