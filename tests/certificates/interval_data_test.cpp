// Interval bounds on a trained network and real pictures: NumPy's numbers, and no image that an
// attack breaks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
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

/// Whatever PGD breaks is not certified, at every epsilon: all 1000 images, each right to begin
/// with.
TEST_F(IntervalData, NoImageThatPgdBreaksIsCertified) {
  for (const float of_255 : {1.0F, 2.0F, 4.0F, 8.0F}) {
    const float epsilon = of_255 / 255;
    const std::vector<float> least = least_margins(epsilon);
    const auto victim = make_victim(context_, *network_, 32, 32, kBatch);
    PgdOptions options;
    options.steps = 10;
    options.loss = AttackLoss::margin;
    const auto attack = pgd(context_, *victim, std::move(options));
    std::int64_t next = 0, broken = 0, certified = 0;
    Shape one = kBatchShape;
    one.n = 1;
    run_attack(
        *attack,
        [&]() -> std::optional<Example> {
          if (next == kImages) return std::nullopt;
          Example example;
          example.index = next;
          example.image = Tensor::view(cifar_.images.data() + next * one.count(), Device{}, one);
          example.label = cifar_.labels[static_cast<std::size_t>(next++)];
          example.epsilon = epsilon;
          return example;
        },
        [&](const Outcome& outcome) {
          const bool proven = least[static_cast<std::size_t>(outcome.index)] > 0;
          EXPECT_FALSE(outcome.success && proven) << "image " << outcome.index << " at " << of_255;
          broken += outcome.success ? 1 : 0;
          certified += proven ? 1 : 0;
        });
    // 31.2 % are right; the bounds are of use, and so is the attack.
    EXPECT_GT(broken, 1000 - 312);
    EXPECT_GT(certified, 150);
  }
}

}  // namespace
}  // namespace phosphene
