// APGD, FAB-T, Square and AutoAttack on the bundled classifier and drawn pictures: the ball, the
// box, independence of the company, refusals.
#include "phosphene/attacks/autoattack.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "phosphene/attacks/apgd.hpp"
#include "phosphene/attacks/fab.hpp"
#include "phosphene/attacks/square.hpp"
#include "phosphene/error.hpp"
#include "tests/attacks/pictures.hpp"

namespace phosphene::testing_attacks {
namespace {

using Make = std::function<std::unique_ptr<Attack>(const Context&, Victim&)>;

/// Each attack in either norm, with fewer steps than it is used with.
std::vector<Make> attacks(Norm norm) {
  return {
      [=](const Context& c, Victim& v) {
        return apgd(c, v, {.norm = norm, .steps = 4, .restarts = 2});
      },
      [=](const Context& c, Victim& v) {
        return apgd(c, v, {.norm = norm, .loss = AttackLoss::dlr, .steps = 4, .targets = 2});
      },
      [=](const Context& c, Victim& v) {
        return fab(c, v, {.norm = norm, .steps = 4, .targets = 2});
      },
      [=](const Context& c, Victim& v) {
        return square(c, as_classifier(c, v), v.images(), {.norm = norm, .queries = 8});
      },
  };
}
/// Small enough that most pictures stand: they are then there for all steps.
float epsilon_of(Norm norm) { return norm == Norm::l2 ? 0.1F : 0.5F / 255; }

class AutoAttack : public testing::Test {
 protected:
  std::unique_ptr<Victim> victim(std::int64_t batch) const {
    static const Network bundled = bundled_network();
    return make_victim(context_, bundled, 64, 64, batch);
  }
  Outcomes attacked(const Make& make, const std::vector<Example>& examples,
                    std::int64_t batch = 8) const {
    const auto seen = victim(batch);
    return run(*make(context_, *seen), examples);
  }
  Outcomes whole(Norm norm, const std::vector<Example>& examples, std::int64_t batch) const {
    const auto seen = victim(batch);
    Outcomes outcomes;
    std::size_t at = 0;
    autoattack(
        context_, *seen, {norm},
        [&]() -> std::optional<Example> {
          if (at == examples.size()) return std::nullopt;
          return copy_of(examples[at++]);
        },
        [&](Outcome o) { outcomes.emplace(o.index, std::move(o)); });
    return outcomes;
  }

  Context context_{ContextOptions{.device = "cpu", .seed = 5}};
};

void expect_equal(const Outcomes& some, const Outcomes& others) {
  ASSERT_EQ(some.size(), others.size());
  for (const auto& [index, outcome] : some) {
    const Outcome& other = others.at(index);
    EXPECT_EQ(values(other.image), values(outcome.image)) << index;
    EXPECT_EQ(other.success, outcome.success) << index;
    EXPECT_EQ(other.iterations, outcome.iterations) << index;
    EXPECT_EQ(other.queries, outcome.queries) << index;
    EXPECT_EQ(other.by, outcome.by) << index;
  }
}

// Bit for bit, on the CPU: neither the batch, nor the slot, nor what else is in the queue. One of
// the pictures is to show a class of its own.
TEST_F(AutoAttack, AnOutcomeDoesNotDependOnItsCompany) {
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    for (const Make& make : attacks(norm)) {
      std::vector<Example> examples = pictures(3, epsilon_of(norm));
      examples[2].target = (examples[2].label + 1) % 8;
      const Outcomes one = attacked(make, examples, 1);
      std::reverse(examples.begin(), examples.end());
      expect_equal(attacked(make, examples, norm == Norm::linf ? 64 : 2), one);
    }
  }
}

TEST_F(AutoAttack, StaysInTheBallAndInTheBox) {
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    for (const float factor : {0.0F, 1.0F, 20.0F}) {
      const std::vector<Example> examples = pictures(4, factor * epsilon_of(norm));
      for (const Make& make : attacks(norm)) {
        for (const auto& [index, outcome] : attacked(make, examples)) {
          const Example& example = examples[static_cast<std::size_t>(index)];
          EXPECT_LE(norm == Norm::linf ? linf(outcome.image, example.image)
                                       : l2(outcome.image, example.image),
                    example.epsilon + 1e-6);
          const std::vector<float> pixels = values(outcome.image);
          EXPECT_GE(*std::min_element(pixels.begin(), pixels.end()), 0);
          EXPECT_LE(*std::max_element(pixels.begin(), pixels.end()), 1);
        }
      }
    }
  }
}

// The victim agrees with what an outcome says of itself.
TEST_F(AutoAttack, AnImageIsFooledAsItsOutcomeSays) {
  const auto seen = victim(8);
  const Classifier classify = as_classifier(context_, *seen);
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    const std::vector<Example> examples = pictures(6, 40 * epsilon_of(norm));
    int fooled = 0;
    for (const Make& make : attacks(norm)) {
      for (const auto& [index, outcome] : attacked(make, examples)) {
        const std::vector<float> scores = values(classify(outcome.image));
        const auto shown = std::max_element(scores.begin(), scores.end()) - scores.begin();
        EXPECT_EQ(outcome.success, shown != examples[static_cast<std::size_t>(index)].label);
        fooled += outcome.success ? 1 : 0;
      }
    }
    EXPECT_GT(fooled, 6);
  }
}

TEST_F(AutoAttack, CountsWhatItAsksFor) {
  const std::vector<Example> examples = pictures(6, 0);
  const auto standing = [&](const Make& make) {
    std::vector<std::pair<std::int64_t, std::int64_t>> counts;
    for (const auto& [index, o] : attacked(make, examples)) {
      if (!o.success) counts.emplace_back(o.iterations, o.queries);
    }
    EXPECT_FALSE(counts.empty());
    return counts;
  };
  // The clean image, and for each run a start and its steps.
  const std::vector<Make> all = attacks(Norm::linf);
  EXPECT_THAT(standing(all[0]), testing::Each(testing::Pair(8, 1 + 2 * 5)));
  EXPECT_THAT(standing(all[1]), testing::Each(testing::Pair(8, 1 + 2 * 5)));
  EXPECT_THAT(standing(all[3]), testing::Each(testing::Pair(8, 1 + 9)));
}

TEST_F(AutoAttack, FabFindsANearerImageWithMoreSteps) {
  const std::vector<Example> examples = pictures(3, 0);
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    const auto distance = [&](int steps) {
      double sum = 0;
      const auto nearest = [&](const Context& c, Victim& v) {
        return fab(c, v, {.norm = norm, .steps = steps, .targets = 2, .nearest = true});
      };
      for (const auto& [index, outcome] : attacked(nearest, examples)) {
        EXPECT_TRUE(outcome.success);
        const Tensor& clean = examples[static_cast<std::size_t>(index)].image;
        sum += norm == Norm::linf ? linf(outcome.image, clean) : l2(outcome.image, clean);
      }
      return sum;
    };
    const double few = distance(3), many = distance(8);
    EXPECT_GT(many, 0);
    EXPECT_LE(many, few);
  }
}

// Square has 5000 queries an image: the ball is large enough that none is left for it.
TEST_F(AutoAttack, SaysWhichAttackItWas) {
  const std::vector<Example> examples = pictures(6, 8.0F / 255);
  const Outcomes outcomes = whole(Norm::linf, examples, 4);
  ASSERT_EQ(outcomes.size(), 6U);
  for (const auto& [index, outcome] : outcomes) {
    EXPECT_TRUE(outcome.success);
    EXPECT_THAT(outcome.by, testing::AnyOf("clean", "apgd-ce", "apgd-t"));
    EXPECT_EQ(outcome.by == "clean", outcome.iterations == 0);
    EXPECT_LE(linf(outcome.image, examples[static_cast<std::size_t>(index)].image),
              8.0F / 255 + 1e-6F);
  }
  expect_equal(whole(Norm::linf, examples, 4), outcomes);
}

// Whoever stops it has these; a chunk that stands takes minutes.
TEST_F(AutoAttack, WhatIsFooledLeavesBeforeWhatStands) {
  std::vector<Example> examples = pictures(2, 0);
  examples[1].epsilon = 20.0F / 255;
  std::vector<std::int64_t> left;
  std::size_t next = 0;
  const auto seen = victim(2);
  const auto stop = [&](const Outcome& outcome) {
    left.push_back(outcome.index);
    EXPECT_TRUE(outcome.success);
    throw std::runtime_error("stop");
  };
  EXPECT_THROW(autoattack(
                   context_, *seen, {},
                   [&]() -> std::optional<Example> {
                     if (next == examples.size()) return {};
                     return std::move(examples[next++]);
                   },
                   stop),
               std::runtime_error);
  EXPECT_EQ(left, std::vector<std::int64_t>{1});
}

// The same image at several radii, all in flight at once: a queue of (image, epsilon) pairs.
TEST_F(AutoAttack, TellsOneImageAtSeveralRadiiApart) {
  const std::vector<Example> drawn = pictures(4, 0);
  const auto clean = std::find_if(drawn.begin(), drawn.end(), [&](const Example& e) {
    return whole(
               Norm::linf,
               [&] {
                 std::vector<Example> one;
                 one.push_back(copy_of(e));
                 one.back().epsilon = 8.0F / 255;
                 return one;
               }(),
               1)
               .begin()
               ->second.by != "clean";
  });
  ASSERT_NE(clean, drawn.end());
  const auto seen = victim(4);
  std::vector<float> radii = {16.0F / 255, 4.0F / 255, 8.0F / 255};
  std::size_t at = 0;
  std::map<std::int64_t, float> reached;
  autoattack(
      context_, *seen, {Norm::linf},
      [&]() -> std::optional<Example> {
        if (at == radii.size()) return std::nullopt;
        Example example = copy_of(*clean);
        example.tag = static_cast<std::int64_t>(at) + 7;
        example.epsilon = radii[at++];
        return example;
      },
      [&](const Outcome& o) { reached[o.tag - 7] = linf(o.image, clean->image); });
  ASSERT_EQ(reached.size(), radii.size());
  for (const auto& [i, distance] : reached) {
    EXPECT_NEAR(distance, radii.at(static_cast<std::size_t>(i)), 1e-6F);
  }
}

TEST_F(AutoAttack, RefusesWhatItCannotDo) {
  const auto seen = victim(1);
  const auto message = [](const auto& make) -> std::string {
    try {
      make();
    } catch (const UsageError& error) {
      return error.what();
    }
    return "taken";
  };
  const Context& c = context_;
  Victim& v = *seen;
  EXPECT_EQ(message([&] { apgd(c, v, {.loss = AttackLoss::margin}); }),
            "--loss margin: expected ce or dlr for APGD");
  EXPECT_EQ(message([&] { apgd(c, v, {.steps = 0}); }), "--steps 0: expected at least 1");
  EXPECT_EQ(message([&] { apgd(c, v, {.restarts = 0}); }), "--restarts 0: expected at least 1");
  EXPECT_EQ(message([&] { fab(c, v, {.targets = 0}); }), "--targets 0: expected at least 1");
  EXPECT_EQ(message([&] { square(c, as_classifier(c, v), v.images(), {.queries = 0}); }),
            "--queries 0: expected at least 1");
  // A black box shows its classes only when it is asked; all else is known before.
  const auto attack = square(c, as_classifier(c, v), v.images(), {});
  Example example = std::move(pictures(1, 0.1F)[0]);
  example.image.data()[0] = 77;
  EXPECT_THAT(message([&] { attack->start(0, example); }), testing::HasSubstr("0 to 255"));
  example.image.data()[0] = 0;
  example.target = example.label;
  EXPECT_THAT(message([&] { attack->start(0, example); }), testing::HasSubstr("its own class"));
  std::vector<Example> targeted = pictures(1, 0.1F);
  targeted[0].target = (targeted[0].label + 1) % 8;
  EXPECT_EQ(message([&] { whole(Norm::linf, targeted, 1); }),
            "AutoAttack is untargeted: image " + std::to_string(targeted[0].index) +
                " has the target " + std::to_string(targeted[0].target));
}

/// Three classes, by the sums of the channels.
class ThreeClasses : public Victim {
 public:
  explicit ThreeClasses(const Context& context)
      : logits_(context.zeros({1, 3, 1, 1})), gradient_(context.zeros({1, 3, 2, 2})) {}
  Shape images() const override { return gradient_.shape(); }
  std::int64_t classes() const override { return 3; }
  const Tensor& forward(const Tensor&, std::span<const Draw>) override { return logits_; }
  const Tensor& backward(const Tensor&) override { return gradient_; }

 private:
  Tensor logits_, gradient_;
};

TEST_F(AutoAttack, TargetedDlrNeedsFourClasses) {
  ThreeClasses victim(context_);
  const auto expect = [](const auto& run, const char* message) {
    EXPECT_THAT(run, testing::ThrowsMessage<UsageError>(testing::HasSubstr(message)));
  };
  expect(
      [&] {
        autoattack(
            context_, victim, {}, [] { return std::nullopt; }, [](Outcome) {});
      },
      "at least 4 classes, the network has 3");
  expect([&] { apgd(context_, victim, {.loss = AttackLoss::dlr, .targets = 2}); },
         "at least 4 classes, the network has 3");
}

}  // namespace
}  // namespace phosphene::testing_attacks
