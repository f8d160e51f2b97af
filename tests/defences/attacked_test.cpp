// The bundled classifier behind defences, attacked by those who know of them and those who do not.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/mask.hpp"
#include "phosphene/attacks/pgd.hpp"
#include "phosphene/datasets/shapes.hpp"
#include "phosphene/defences/defended.hpp"
#include "phosphene/models.hpp"
#include "tests/defences/transform_cases.hpp"

namespace phosphene {
namespace {

using namespace ::phosphene::testing;

constexpr std::int64_t kCount = 8;
constexpr float kEpsilon = 8.0F / 255;

class AttackedTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    NetworkOptions options;
    options.weights = "shapes";
    network = std::make_unique<Network>(load_network(options));
  }
  static void TearDownTestSuite() { network.reset(); }

  std::unique_ptr<Victim> bare(std::int64_t batch = kCount) const {
    return make_victim(context, *network, kShapesSize, kShapesSize, batch);
  }
  std::unique_ptr<Victim> behind(const std::string& spec, std::int64_t batch = kCount) const {
    return defended(context, bare(batch), parse_transforms(context, spec));
  }

  static void as_it_is(PgdOptions&) {}

  template <class Change = void (*)(PgdOptions&)>
  std::vector<Tensor> attacked(Victim& victim, Change change = as_it_is) const {
    PgdOptions options;
    change(options);
    options.steps = 5;
    options.stay = true;
    const auto attack = pgd(context, victim, std::move(options));
    std::vector<Tensor> images(kCount);
    std::int64_t next = 0;
    run_attack(
        *attack,
        [&]() -> std::optional<Example> {
          if (next == kCount) return std::nullopt;
          ShapesSample sample = shapes(2, static_cast<std::uint64_t>(next));
          return Example{.index = next++,
                         .image = std::move(sample.image),
                         .label = sample.label,
                         .epsilon = kEpsilon};
        },
        [&](Outcome outcome) {
          images[static_cast<std::size_t>(outcome.index)] = std::move(outcome.image);
        });
    return images;
  }

  std::int64_t right(Victim& victim, const std::vector<Tensor>& images) const {
    Tensor batch = Tensor::host(victim.images());
    for (std::int64_t i = 0; i < kCount; ++i) {
      const Tensor& image = images[static_cast<std::size_t>(i)];
      std::copy_n(image.data(), image.count(), batch.data() + i * image.count());
    }
    const Tensor& logits = victim.forward(batch, draws_of(kCount, 1000));
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < kCount; ++i) {
      const float* row = logits.data() + i * victim.classes();
      count += std::max_element(row, row + victim.classes()) - row ==
               shapes(2, static_cast<std::uint64_t>(i)).label;
    }
    return count;
  }

  static inline std::unique_ptr<Network> network;
  const Context context{ContextOptions{.device = "cpu", .seed = 5}};
};

// What is crafted on the defended network fools it more often than what is crafted on the bare one:
// the point of an adaptive attack.
TEST_F(AttackedTest, ADefenceFallsToThoseWhoKnowOfIt) {
  const auto network_alone = bare(), smoothed = behind("jpeg:40+gaussian:1.5");
  const auto naive = attacked(*network_alone), adaptive = attacked(*smoothed);
  EXPECT_LE(right(*network_alone, naive), 2);
  EXPECT_LE(right(*smoothed, adaptive), 2);
  EXPECT_GE(right(*smoothed, naive), right(*smoothed, adaptive) + 2);
}

// A rounded image's own gradient is zero, and an attack on it goes nowhere; taken for the identity,
// rounding hides nothing.
TEST_F(AttackedTest, RoundingHidesTheGradientWithoutBpda) {
  Transforms bits = parse_transforms(context, "bits:4");
  bits[0] = without_gradient(context, std::move(bits[0]));
  const auto masked = defended(context, bare(), std::move(bits)), open = behind("bits:4");
  const auto from_the_image = [](PgdOptions& options) { options.random_start = false; };
  const auto stuck = attacked(*masked, from_the_image);
  for (std::int64_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(floats(stuck[static_cast<std::size_t>(i)]),
              floats(shapes(2, static_cast<std::uint64_t>(i)).image));
  }
  EXPECT_LT(right(*open, attacked(*open, from_the_image)), right(*open, stuck));
}

TEST_F(AttackedTest, RandomDefencesGiveTheSameImagesWhateverTheBatch) {
  const std::string spec = "rotate:10+print:0.5";
  const auto together = behind(spec), pairs = behind(spec, 3);
  const auto two_draws = [](PgdOptions& options) { options.samples = 2; };
  const auto a = attacked(*together, two_draws), b = attacked(*pairs, two_draws),
             again = attacked(*together, two_draws);
  for (std::size_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(floats(a[i]), floats(again[i]));
    EXPECT_EQ(floats(a[i]), floats(b[i]));
  }
}

TEST_F(AttackedTest, AMaskConfinesWhatAnAverageIsFooledBy) {
  std::vector<std::unique_ptr<Victim>> members;
  members.push_back(behind("median:3"));
  members.push_back(behind("bits:3"));
  const auto average = averaged(context, std::move(members));
  const auto images = attacked(*average, [](PgdOptions& options) {
    options.mask = sticker_mask(kShapesSize, kShapesSize, {.left = 0.5, .right = 0.9});
  });
  std::int64_t changed = 0;
  for (std::int64_t i = 0; i < kCount; ++i) {
    const Tensor clean = shapes(2, static_cast<std::uint64_t>(i)).image;
    for (std::int64_t k = 0; k < clean.count(); ++k) {
      const double x = (static_cast<double>(k % kShapesSize) + 0.5) / kShapesSize;
      const float change = images[static_cast<std::size_t>(i)].data()[k] - clean.data()[k];
      if (x < 0.5 || x >= 0.9) {
        ASSERT_EQ(change, 0);
      }
      ASSERT_LE(std::abs(change), kEpsilon + 1e-6F);
      changed += change != 0;
    }
  }
  EXPECT_GT(changed, 0);
}

}  // namespace
}  // namespace phosphene
