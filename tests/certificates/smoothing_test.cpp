// Randomised smoothing: the arithmetic of fixed counts, a plane whose distance is known, and
// certificates against an attack on the smoothed classifier.
#include "phosphene/methods/smoothing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "phosphene/attacks/inspector.hpp"
#include "phosphene/attacks/pgd.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/datasets/shapes.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"
#include "phosphene/statistics.hpp"
#include "tests/certificates/stored_numbers.hpp"
#include "tests/reference/fixtures.hpp"

namespace phosphene {
namespace {

using Counts = std::vector<std::int64_t>;

class SmoothingTest : public ::testing::Test {
 protected:
  static constexpr Shape kImage{1, 3, kShapesSize, kShapesSize};
  Context context_{ContextOptions{.device = "cpu", .seed = 5}};
};

/// Two classes, parted by the plane sum of x = threshold.
Network plane(const Shape& shape, float threshold) {
  Graph graph(3);
  graph.then("input", op::Normalise{{0, 0, 0}, {1, 1, 1}, 1, false});
  graph.then("flatten", op::Flatten{});
  graph.then("fc", op::Linear{.out_features = 2}, "fc");
  const auto count = static_cast<std::size_t>(shape.count());
  HostArray weight{{2, shape.count()}, std::vector<float>(2 * count, 0)};
  std::fill_n(weight.values.begin(), count, 1.0F);
  Weights weights;
  weights.set("fc.weight", weight);
  weights.set("fc.bias", {{2}, {-threshold, 0}});
  return {graph, weights};
}

TEST_F(SmoothingTest, CertificatesOfFixedCountsAreTheOriginals) {
  for (const auto& row : testing::stored_numbers("smoothing", "certify")) {
    const SmoothingOptions options{.sigma = row["sigma"], .n = row["n"], .alpha = row["alpha"]};
    const SmoothingCertificate found =
        smoothing_certificate(row["counts0"].get<Counts>(), row["counts"].get<Counts>(), options);
    EXPECT_EQ(found.label, row["label"].get<std::int64_t>()) << row;
    EXPECT_NEAR(found.radius, row["radius"].get<double>(), 1e-7 * (1 + found.radius)) << row;
  }
  for (const auto& row : testing::stored_numbers("smoothing", "predict")) {
    EXPECT_EQ(smoothed_label(row["counts"].get<Counts>(), row["alpha"].get<double>()),
              row["label"].get<std::int64_t>())
        << row;
  }
}

/// A plane cuts the noise to a normal number: the radius tends to the distance, from below.
TEST_F(SmoothingTest, RadiusBesideAPlaneIsItsDistance) {
  const Shape shape{1, 3, 4, 4};
  const auto dimensions = static_cast<double>(shape.count());
  const SmoothingOptions options{.sigma = 0.25F, .n0 = 50, .n = 20000, .alpha = 1e-3};
  int beyond = 0;
  for (const double distance : {0.05, 0.2, 0.5}) {
    const double threshold = 0.5 * dimensions - distance * std::sqrt(dimensions);
    const Network network = plane(shape, static_cast<float>(threshold));
    Smoothing smoothing(context_, make_classifier(context_, network, 4, 4, 256), 4, 4, 256,
                        options);
    Tensor image = Tensor::host(shape);
    std::fill_n(image.data(), shape.count(), 0.5F);
    const SmoothingCertificate found = smoothing.certify(image, 3);
    EXPECT_EQ(found.label, 0);
    // The bound's share is short of the true one by some 3 and 3.1 standard deviations at most.
    const double share = 0.5 * std::erfc(-distance / (0.25 * std::sqrt(2.0)));
    const double lowest = share - 7 * std::sqrt(share * (1 - share) / 20000);
    EXPECT_GT(found.radius, 0.25 * normal_quantile(lowest));
    beyond += found.radius > distance ? 1 : 0;
    EXPECT_EQ(smoothing.predict(image, 3), 0);
  }
  EXPECT_EQ(beyond, 0);  // each would be one in a thousand
}

TEST_F(SmoothingTest, AbstainsOnThePlane) {
  const Shape shape{1, 3, 4, 4};
  const Network network = plane(shape, 24);
  Smoothing smoothing(context_, make_classifier(context_, network, 4, 4, 100), 4, 4, 100,
                      {.n0 = 10, .n = 1000});
  Tensor image = Tensor::host(shape);
  std::fill_n(image.data(), shape.count(), 0.5F);
  const SmoothingCertificate found = smoothing.certify(image, 0);
  EXPECT_EQ(found.label, kAbstained);
  EXPECT_EQ(found.radius, 0);
  EXPECT_EQ(smoothing.predict(image, 0), kAbstained);
}

TEST_F(SmoothingTest, CountsDependOnSeedAndImageAndNotOnTheBatch) {
  const Network network = load_network({.weights = "shapes"});
  const ShapesSample sample = shapes(3, 1);
  const Tensor& image = sample.image;
  const auto counts = [&](const Context& context, std::int64_t batch, std::int64_t index) {
    Smoothing smoothing(context, make_classifier(context, network, kShapesSize, kShapesSize, batch),
                        kShapesSize, kShapesSize, batch, {.sigma = 0.5F});
    return smoothing.counts(image, index, 0, 70);
  };
  const Counts of_64 = counts(context_, 64, 7);
  EXPECT_EQ(of_64, counts(context_, 64, 7));
  EXPECT_EQ(of_64, counts(context_, 3, 7));
  std::int64_t total = 0;
  for (const std::int64_t count : of_64) total += count;
  EXPECT_EQ(total, 70);
  EXPECT_LT(*std::ranges::max_element(of_64), 70) << "no noise is seen";
  EXPECT_NE(of_64, counts(context_, 64, 8));
  const Context other(ContextOptions{.device = "cpu", .seed = 6});
  EXPECT_NE(of_64, counts(other, 64, 7));
}

/// The gradient of the smoothed victim, by central differences under the same noise.
TEST_F(SmoothingTest, TheSmoothedVictimsGradientIsItsOwn) {
  const Network network = load_network({.weights = "shapes"});
  constexpr std::int64_t kSlots = 2, kCopies = 3;
  const auto victim =
      smoothed(context_, make_victim(context_, network, kShapesSize, kShapesSize, kSlots * kCopies),
               0.1F, kCopies);
  ASSERT_EQ(victim->images(), (Shape{kSlots, 3, kShapesSize, kShapesSize}));
  EXPECT_TRUE(victim->random());
  Tensor images = Tensor::host(victim->images());
  const std::int64_t each = images.count() / kSlots;
  for (std::int64_t i = 0; i < kSlots; ++i) {
    const ShapesSample sample = shapes(4, static_cast<std::uint64_t>(i));
    std::copy_n(sample.image.data(), each, images.data() + i * each);
  }
  const std::vector<Draw> draws{{11, 2}, {12, 0}};
  const Shape scores{kSlots, victim->classes(), 1, 1};
  Tensor d_logits = Tensor::host(scores);
  reference::write(reference::Random(1).values(scores.count(), -1, 1), d_logits);
  const auto value = [&] {
    const Tensor& logits = victim->forward(images, draws);
    double sum = 0;
    for (std::int64_t i = 0; i < logits.count(); ++i) {
      EXPECT_LE(logits.data()[i], 0);
      sum += double{logits.data()[i]} * d_logits.data()[i];
    }
    return sum;
  };
  value();
  const reference::Values gradient = reference::read(victim->backward(d_logits));
  EXPECT_EQ(gradient, reference::read(victim->backward(d_logits)));
  // Along the gradient, where the slope is its length; few of the many ReLUs switch on the way.
  double squares = 0;
  for (const double g : gradient) squares += g * g;
  const reference::Values start = reference::read(images);
  const auto moved = [&](double step) {
    reference::Values at = start;
    for (std::size_t i = 0; i < at.size(); ++i) at[i] += step * gradient[i] / std::sqrt(squares);
    reference::write(at, images);
    return value();
  };
  constexpr double kStep = 2e-3;
  EXPECT_NEAR((moved(kStep) - moved(-kStep)) / (2 * kStep), std::sqrt(squares),
              0.03 * std::sqrt(squares));
}

/// Keeps what it is shown.
class Shown : public Victim {
 public:
  explicit Shown(const Shape& images)
      : images_(images), scores_(Tensor::host({images.n, 2, 1, 1})) {
    std::fill_n(scores_.data(), scores_.count(), 0.0F);
  }
  Shape images() const override { return images_; }
  std::int64_t classes() const override { return 2; }
  const Tensor& forward(const Tensor& images, std::span<const Draw>) override {
    const std::int64_t each = images.count() / images.shape().n;
    for (std::int64_t i = 0; i < images.shape().n; ++i) {
      seen.emplace(images.data() + i * each, images.data() + (i + 1) * each);
    }
    return scores_;
  }
  const Tensor& backward(const Tensor&) override { return scores_; }

  std::set<std::vector<float>> seen;

 private:
  Shape images_;
  Tensor scores_;
};

/// A slot's draw times the copies may pass 2^31, where an attack's own draws begin, or 2^32.
TEST_F(SmoothingTest, TheSmoothedVictimsNoiseIsNoOthers) {
  constexpr std::int64_t kCopies = 4;
  const Shape image{1, 3, 2, 2};
  const Tensor black = context_.zeros(image);
  auto shown = std::make_unique<Shown>(Shape{kCopies, 3, 2, 2});
  std::set<std::vector<float>>& seen = shown->seen;
  const auto victim = smoothed(context_, std::move(shown), 1, kCopies);
  std::size_t draws = 0;
  for (const std::uint32_t draw : {0U, 1U, 1U << 29, kInspectionDraw, kAttackDraw - 1}) {
    victim->forward(black, std::vector<Draw>{{7, draw}});
    EXPECT_EQ(seen.size(), ++draws * kCopies) << "the same noise again at draw " << draw;
  }
  // The noise that draws have by themselves: certify()'s, predict()'s and the attacks'.
  std::set<std::vector<float>> others;
  const auto keep = [&](const Tensor& images) {
    for (const float* x = images.data(); x < images.data() + images.count(); x += image.count()) {
      others.emplace(x, x + image.count());
    }
    return context_.zeros({images.shape().n, 2, 1, 1});
  };
  Smoothing plain(context_, keep, 2, 2, 8, {.sigma = 1});
  for (const std::int64_t first : {0U, kInspectionDraw, kAttackDraw, 0xFFFFFFF8U}) {
    plain.counts(black, 7, first, 8);
  }
  EXPECT_EQ(others.size(), 32U);
  for (const std::vector<float>& noise : seen) EXPECT_FALSE(others.contains(noise));
}

/// No image that PGD finds inside a certified radius is labelled otherwise.
TEST_F(SmoothingTest, CertificatesHoldAgainstPgdOnTheSmoothedNet) {
  const Network network = load_network({.weights = "shapes"});
  const SmoothingOptions options{.sigma = 0.25F, .n0 = 32, .n = 200, .alpha = 1e-3};
  constexpr std::int64_t kBatch = 40, kCopies = 8, kImages = 5;
  Smoothing smoothing(context_,
                      make_classifier(context_, network, kShapesSize, kShapesSize, kBatch),
                      kShapesSize, kShapesSize, kBatch, options);
  std::vector<SmoothingCertificate> certificates;
  std::vector<Example> examples;
  for (std::int64_t i = 0; i < kImages; ++i) {
    ShapesSample sample = shapes(9, static_cast<std::uint64_t>(i));
    certificates.push_back(smoothing.certify(sample.image, i));
    Example example;
    example.index = i;
    example.label = certificates.back().guess;
    example.epsilon = static_cast<float>(certificates.back().radius);
    example.image = std::move(sample.image);
    if (certificates.back().label != kAbstained) examples.push_back(std::move(example));
  }
  ASSERT_GT(examples.size(), kImages / 2);
  const auto victim = smoothed(
      context_, make_victim(context_, network, kShapesSize, kShapesSize, kBatch), 0.25F, kCopies);
  PgdOptions pgd_options;
  pgd_options.norm = Norm::l2;
  pgd_options.steps = 6;
  pgd_options.stay = true;
  const auto attack = pgd(context_, *victim, std::move(pgd_options));
  std::size_t next = 0;
  run_attack(
      *attack,
      [&]() -> std::optional<Example> {
        if (next == examples.size()) return std::nullopt;
        return std::move(examples[next++]);
      },
      [&](const Outcome& outcome) {
        const auto& certificate = certificates[static_cast<std::size_t>(outcome.index)];
        const std::int64_t label = smoothing.predict(outcome.image, outcome.index);
        EXPECT_TRUE(label == certificate.label || label == kAbstained)
            << "image " << outcome.index << " is " << label << ", certified as "
            << certificate.label << " within " << certificate.radius;
      });
}

TEST_F(SmoothingTest, RefusesWhatMakesNoSense) {
  const auto refused = [](const SmoothingOptions& options) -> std::string {
    try {
      check(options);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "nothing";
  };
  EXPECT_EQ(refused({}), "nothing");
  EXPECT_NE(refused({.sigma = 0}).find("--sigma 0"), std::string::npos);
  EXPECT_NE(refused({.sigma = NAN}).find("--sigma nan"), std::string::npos);
  EXPECT_NE(refused({.n0 = 0}).find("--n0 0"), std::string::npos);
  EXPECT_NE(refused({.n = 0}).find("--n 0"), std::string::npos);
  EXPECT_NE(refused({.n = std::int64_t{1} << 30}).find("2^30"), std::string::npos);
  EXPECT_NE(refused({.alpha = 1}).find("--alpha 1"), std::string::npos);
  const Network network = load_network({.weights = "shapes"});
  EXPECT_THROW(
      smoothed(context_, make_victim(context_, network, kShapesSize, kShapesSize, 8), 0.1F, 3),
      UsageError);
}

}  // namespace
}  // namespace phosphene
