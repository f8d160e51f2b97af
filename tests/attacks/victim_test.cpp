// The victim, its loss gradient, and the checks that every attack makes of its input.
#include "phosphene/attacks/victim.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/attacks/loss_gradient.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/error.hpp"
#include "tests/attacks/pictures.hpp"
#include "tests/reference/fixtures.hpp"

namespace phosphene::testing_attacks {
namespace {

using reference::Random;

/// Logits W x + b of a 3 x 4 x 4 image: what is smooth where the loss is, and known in double.
Network linear_network(std::int64_t classes) {
  Graph graph;
  graph.then("normalise", op::Normalise{{0.5F, 0.4F, 0.3F}, {0.5F, 0.6F, 0.7F}});
  graph.then("flat", op::Flatten{});
  graph.then("fc", op::Linear{.out_features = classes}, "fc");
  return reference::random_network(graph, {1, 3, 4, 4}, 3);
}

Tensor batch_of(std::int64_t n, std::uint64_t seed, std::int64_t side = 4) {
  Tensor images = Tensor::host({n, 3, side, side});
  reference::write(Random(seed).values(images.count(), 0, 1), images);
  return images;
}

/// Adds to each image a constant that its draw decides, as a random first stage would.
class Shifted : public Victim {
 public:
  Shifted(const Context& context, std::unique_ptr<Victim> inner)
      : inner_(std::move(inner)), shifted_(context.zeros(inner_->images())) {}
  Shape images() const override { return inner_->images(); }
  std::int64_t classes() const override { return inner_->classes(); }
  bool random() const override { return true; }
  const Tensor& forward(const Tensor& x, std::span<const Draw> draws) override {
    const std::int64_t each = x.count() / x.shape().n;
    for (std::int64_t k = 0; k < x.count(); ++k) {
      const Draw& draw = draws[static_cast<std::size_t>(k / each)];
      const float shift = 0.01F * static_cast<float>((draw.image * 7 + draw.sample * 3) % 10);
      shifted_.data()[k] = x.data()[k] + shift;
    }
    return inner_->forward(shifted_, draws);
  }
  const Tensor& backward(const Tensor& d_logits) override { return inner_->backward(d_logits); }

 private:
  std::unique_ptr<Victim> inner_;
  Tensor shifted_;
};

class VictimTest : public testing::Test {
 protected:
  Tensor classes(std::vector<std::int32_t> values) const { return ops::classes(context_, values); }
  Context context_{ContextOptions{.device = "cpu"}};
};

// A linear network in float: logits are sums of 48 products below 1, off by 48 u, and central
// differences over 2 h = 0.02 of a loss that is off by 50 u: 50 * 2^-24 / 0.01 = 3e-4; the
// curvature of cross-entropy and dlr adds h^2 times a third derivative of weights below 1: 1e-4.
TEST_F(VictimTest, TheGradientOfEveryLossIsItsSlope) {
  const Network network = linear_network(5);
  const auto victim = make_victim(context_, network, 4, 4, 2);
  const Tensor label = classes({1, 2}), target = classes({-1, 4});
  const std::vector<Draw> draws(2);
  for (const AttackLoss kind :
       {AttackLoss::cross_entropy, AttackLoss::margin, AttackLoss::dlr, AttackLoss::score}) {
    LossGradient loss(context_, *victim, kind);
    Tensor x = batch_of(2, 1);
    loss(x, label, target, draws);
    const std::vector<float> gradient = values(loss.gradient());
    for (std::int64_t k = 0; k < x.count(); k += 5) {
      const auto image = static_cast<std::size_t>(k / 48);
      const float before = x.data()[k];
      const auto at = [&](float value) {
        x.data()[k] = value;
        loss(x, label, target, draws, false);
        return double{loss.losses().data()[image]};
      };
      const double slope = (at(before + 0.01F) - at(before - 0.01F)) / 0.02;
      x.data()[k] = before;
      EXPECT_NEAR(gradient[static_cast<std::size_t>(k)], slope, 1e-3 + 5e-3 * std::abs(slope))
          << to_string(kind) << " " << k;
    }
  }
}

TEST_F(VictimTest, TheGradientMayBeAskedForLater) {
  const Network network = linear_network(5);
  const auto victim = make_victim(context_, network, 4, 4, 2);
  const Tensor label = classes({1, 2}), target = classes({-1, -1}), x = batch_of(2, 1);
  const std::vector<Draw> draws(2);
  LossGradient loss(context_, *victim, AttackLoss::cross_entropy);
  loss(x, label, target, draws);
  const std::vector<float> at_once = values(loss.gradient());
  loss(x, label, target, draws, false);
  loss.backward();
  EXPECT_EQ(values(loss.gradient()), at_once);
}

// Four samples are the mean of four calls with the draws one after the other.
TEST_F(VictimTest, SamplesOfARandomVictimAreAveraged) {
  const Network network = linear_network(5);
  Shifted victim(context_, make_victim(context_, network, 4, 4, 2));
  const Tensor label = classes({1, 2}), target = classes({-1, 4}), x = batch_of(2, 1);
  LossGradient one(context_, victim, AttackLoss::cross_entropy);
  LossGradient four(context_, victim, AttackLoss::cross_entropy, 4);
  EXPECT_EQ(four.samples(), 4);
  std::vector<double> logits(10), losses(2), gradient(96);
  const auto add = [](std::vector<double>& sum, const Tensor& t) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += t.data()[i] / 4.0;
  };
  for (std::uint32_t s = 0; s < 4; ++s) {
    const std::vector<Draw> draws = {{3, 20 + s}, {4, 50 + s}};
    one(x, label, target, draws);
    add(logits, one.logits());
    add(losses, one.losses());
    add(gradient, one.gradient());
  }
  const std::vector<Draw> draws = {{3, 20}, {4, 50}};
  four(x, label, target, draws);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_NEAR(four.logits().data()[i], logits[i], 1e-6);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(four.losses().data()[i], losses[i], 1e-6);
  for (std::size_t i = 0; i < 96; ++i) EXPECT_NEAR(four.gradient().data()[i], gradient[i], 1e-6);
  const auto strongest = std::max_element(logits.begin(), logits.begin() + 5) - logits.begin();
  EXPECT_EQ(four.predictions().data<std::int32_t>()[0], strongest);
}

// A victim that is not random is asked once, however many samples are wanted.
TEST_F(VictimTest, ANetworkIsAskedOnce) {
  const Network network = linear_network(5);
  const auto victim = make_victim(context_, network, 4, 4, 2);
  EXPECT_EQ(LossGradient(context_, *victim, AttackLoss::margin, 8).samples(), 1);
}

TEST_F(VictimTest, GivesTheLogitsOfTheClassifier) {
  const Network network = bundled_network();
  const Classifier expected = make_classifier(context_, network, 64, 64, 4);
  const auto victim = make_victim(context_, network, 64, 64, 4);
  EXPECT_EQ(victim->images(), (Shape{4, 3, 64, 64}));
  EXPECT_EQ(victim->classes(), 8);
  const Classifier classifier = as_classifier(context_, *victim);
  for (const std::int64_t n : {1, 4, 7}) {
    const Tensor images = batch_of(n, static_cast<std::uint64_t>(n), 64);
    const Tensor logits = classifier(images);
    EXPECT_EQ(logits.shape(), (Shape{n, 8, 1, 1}));
    EXPECT_EQ(values(logits), values(expected(images)));
  }
  EXPECT_THROW(classifier(batch_of(1, 1, 32)), UsageError);
}

// The k-th image that a black box is ever given is draw 0 of image k.
TEST_F(VictimTest, ABlackBoxCountsItsImages) {
  const Network network = linear_network(5);
  Shifted victim(context_, make_victim(context_, network, 4, 4, 2));
  const Classifier classifier = as_classifier(context_, victim);
  const Tensor images = batch_of(5, 1);
  const std::vector<float> first = values(classifier(images));
  const std::vector<float> second = values(classifier(images));
  EXPECT_NE(first, second);
  Shifted again(context_, make_victim(context_, network, 4, 4, 2));
  EXPECT_EQ(values(as_classifier(context_, again)(images)), first);
}

TEST_F(VictimTest, RefusesNetworksThatCannotBeAttacked) {
  using testing::HasSubstr;
  const Network one = linear_network(1), two = linear_network(2), three = linear_network(3);
  EXPECT_THAT(refusal([&] { make_victim(context_, one, 4, 4, 1); }), HasSubstr("1 class score"));
  const auto narrow = make_victim(context_, two, 4, 4, 1);
  EXPECT_THAT(refusal([&] { LossGradient(context_, *narrow, AttackLoss::dlr); }),
              HasSubstr("3 classes or more"));
  const auto wide = make_victim(context_, three, 4, 4, 1);
  const LossGradient loss(context_, *wide, AttackLoss::dlr);
  Example example;
  EXPECT_EQ(refusal([&] { loss.check(example); }), "");
  example.target = 1;
  EXPECT_THAT(refusal([&] { loss.check(example); }), HasSubstr("4 classes or more"));
}

TEST(AttackWords, AreReadAndWritten) {
  for (const AttackLoss loss :
       {AttackLoss::cross_entropy, AttackLoss::margin, AttackLoss::dlr, AttackLoss::score}) {
    EXPECT_EQ(parse_attack_loss(to_string(loss)), loss);
  }
  for (const Norm norm : {Norm::linf, Norm::l2}) EXPECT_EQ(parse_norm(to_string(norm)), norm);
  EXPECT_THAT(refusal([] { parse_attack_loss("cw"); }), testing::HasSubstr("--loss 'cw'"));
  EXPECT_THAT(refusal([] { parse_norm("l1"); }), testing::HasSubstr("--norm 'l1'"));
}

}  // namespace
}  // namespace phosphene::testing_attacks
