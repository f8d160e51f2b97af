// Interval bounds on a trained network and real pictures: NumPy's numbers, and no image that an
// attack breaks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "phosphene/attacks/pgd.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/methods/interval_bounds.hpp"
#include "phosphene/models.hpp"
#include "tests/certificates/cifar_images.hpp"
#include "tests/certificates/stored_numbers.hpp"
#include "tests/golden/golden.hpp"

namespace phosphene {
namespace {

constexpr std::int64_t kImages = 1000, kBatch = 250;
constexpr Shape kBatchShape{kBatch, 3, 32, 32};

class IntervalData : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string weights = golden::test_data("weights/convexadv_cifar_small_8px.safetensors");
    const std::string data = golden::test_data("cifar10/test_first1000.bin");
    if (weights.empty() || data.empty()) {
      GTEST_SKIP() << "no test data: PHOSPHENE_DATA/weights/convexadv_cifar_small_8px.safetensors, "
                      "PHOSPHENE_DATA/cifar10/test_first1000.bin";
    }
    network_.emplace(load_network({.model = "convexadv_cifar_small", .weights = weights}));
    cifar_ = testing::cifar_images(data, kImages);
  }

  Tensor images(std::int64_t first) {
    return Tensor::view(cifar_.images.data() + first * kBatchShape.count() / kBatch, Device{},
                        kBatchShape);
  }

  std::vector<float> least_margins(float epsilon) {
    IntervalBounds bounds(context_, *network_, 32, 32, kBatch);
    const std::vector<float> epsilons(kBatch, epsilon);
    std::vector<float> least;
    for (std::int64_t first = 0; first < kImages; first += kBatch) {
      const std::span<const std::int64_t> labels(cifar_.labels.data() + first, kBatch);
      const Tensor margins = bounds.margins(images(first), labels, epsilons);
      for (std::int64_t i = 0; i < kBatch; ++i) {
        least.push_back(least_margin(margins, i, labels[static_cast<std::size_t>(i)]));
      }
    }
    return least;
  }

  Context context_{ContextOptions{.device = "cpu", .seed = 3}};
  std::optional<Network> network_;
  testing::CifarImages cifar_;
};

TEST_F(IntervalData, MarginsAreNumPysRoundedDown) {
  const auto stored = testing::stored_numbers("intervals");
  for (std::size_t e = 0; e < stored["epsilons"].size(); ++e) {
    const auto epsilon = static_cast<float>(stored["epsilons"][e].get<double>() / 255);
    const std::vector<float> least = least_margins(epsilon);
    const auto& expected = stored["margins"][e];
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double exact = expected[i].get<double>();
      EXPECT_LT(least[i], exact);
      // Widened by gamma of 2049 products, 1.2e-4, a few times over, of sums of this size.
      EXPECT_GT(least[i], exact - 0.02) << i;
    }
    const auto certified = std::ranges::count_if(least, [](float m) { return m > 0; });
    EXPECT_LE(certified, stored["certified"][e].get<std::int64_t>());
    EXPECT_GE(certified, stored["certified"][e].get<std::int64_t>() - 3);
  }
}

}  // namespace
}  // namespace phosphene
