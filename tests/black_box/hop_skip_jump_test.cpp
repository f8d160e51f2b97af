// HopSkipJump where the nearest image is known in closed form, and what it promises everywhere.
#include "phosphene/attacks/hop_skip_jump.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "phosphene/context.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"
#include "tests/black_box/black_boxes.hpp"

namespace phosphene {
namespace {

using testing::copy_of;
using testing::distance;
using testing::grey;
using testing::HalfSpace;
using testing::Outcomes;
using testing::outcomes_of;
using testing::shape_picture;

const Context& cpu() {
  static const Context context(ContextOptions{.device = "cpu", .seed = 5});
  return context;
}

std::vector<Example> greys(std::int64_t count) {
  std::vector<Example> examples;
  for (std::int64_t i = 0; i < count; ++i) examples.push_back(grey(i, 0));
  return examples;
}

HopSkipJumpOptions options(Norm norm, std::int64_t queries = 3000) {
  HopSkipJumpOptions o;
  o.norm = norm;
  o.max_queries = queries;
  o.slots = 4;
  o.batch = 16;
  return o;
}

Outcomes attack(const Classifier& classifier, const HopSkipJumpOptions& o,
                const std::vector<Example>& examples, const Context& context = cpu()) {
  return outcomes_of(*hop_skip_jump(context, classifier, o), examples);
}

void expect_same(const Outcomes& a, const Outcomes& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [index, outcome] : a) {
    const Outcome& other = b.at(index);
    EXPECT_EQ(outcome.success, other.success) << index;
    EXPECT_EQ(outcome.queries, other.queries) << index;
    EXPECT_EQ(outcome.iterations, other.iterations) << index;
    EXPECT_TRUE(std::equal(outcome.image.data(), outcome.image.data() + outcome.image.count(),
                           other.image.data()))
        << index;
  }
}

// In L2, with B labels in d dimensions the direction is off the plane's normal by an angle a of
// tan^2 a = pi d / 2B. An iteration with a step of xi = 1 / sqrt t, in distances, scales what the
// point is beside the foot of the perpendicular by s = 1 / (1 + xi cos a), and adds s xi sin a
// across. So r^2 = (s xi sin a)^2 / (1 - s^2) in the long run, and the distance is sqrt(1 + r^2)
// nearest ones: 1.013 of them after 20000 queries (t = 45, B = 670, d = 192). The test allows twice
// and a bit more than that; of L-infinity, where wrong signs cost more, 1.05. Nothing on the other
// side is nearer than the plane, to the rounding of float pixels.
TEST(HopSkipJump, FindsTheNearestPointOfAPlane) {
  const HalfSpace plane(2);
  const std::vector<Example> examples = greys(6);
  for (const Norm norm : {Norm::l2, Norm::linf}) {
    const Outcomes outcomes = attack(plane.one_hot(), options(norm, 20000), examples);
    for (const Example& example : examples) {
      const Outcome& outcome = outcomes.at(example.index);
      ASSERT_TRUE(outcome.success);
      EXPECT_GT(plane.score(outcome.image.data()), 0) << "on the fooling side";
      const double nearest = plane.distance(example.image.data(), norm);
      const double found = distance(outcome.image, example.image, norm);
      EXPECT_GE(found, nearest * (1 - 1e-5));
      EXPECT_LE(found, nearest * (norm == Norm::l2 ? 1.03 : 1.05)) << to_string(norm);
    }
  }
}

TEST(HopSkipJump, SeesLabelsAlone) {
  const HalfSpace plane(2);
  const std::vector<Example> examples = greys(3);
  const Classifier graded = [&](const Tensor& images) {
    const std::int64_t n = images.shape().n;
    Tensor scores = Tensor::host({n, 2, 1, 1});
    for (std::int64_t i = 0; i < n; ++i) {
      const double score = plane.score(images.data() + i * testing::kPixels);
      scores.data()[2 * i] = static_cast<float>(-7 * score);
      scores.data()[2 * i + 1] = static_cast<float>(score * std::exp(score));
    }
    return scores;
  };
  expect_same(attack(graded, options(Norm::l2, 500), examples),
              attack(plane.one_hot(), options(Norm::l2, 500), examples));
}

// Slots, batch and company change nothing, not a bit; nor does a second run. The seed does.
TEST(HopSkipJump, AnImageDoesNotKnowOfItsBatch) {
  const HalfSpace plane(2);
  const std::vector<Example> examples = greys(9);
  for (const Norm norm : {Norm::l2, Norm::linf}) {
    HopSkipJumpOptions o = options(norm, 700);
    o.slots = o.batch = 1;
    const Outcomes alone = attack(plane.one_hot(), o, examples);
    for (const auto& [slots, batch] : {std::pair{64, 64}, std::pair{4, 7}, std::pair{9, 2}}) {
      o.slots = slots;
      o.batch = batch;
      expect_same(attack(plane.one_hot(), o, examples), alone);
    }
    const Context other(ContextOptions{.device = "cpu", .seed = 6});
    const Outcomes seeded = attack(plane.one_hot(), o, examples, other);
    EXPECT_NE(distance(seeded.at(0).image, alone.at(0).image, Norm::linf), 0);
  }
}

// A network, whose session's batch is its own.
TEST(HopSkipJump, ANetworksImagesDoNotKnowOfTheirBatch) {
  const Network network = load_network({.weights = "shapes"});
  const Classifier classifier = make_classifier(cpu(), network, kShapesSize, kShapesSize, 2);
  std::vector<Example> examples;
  for (std::int64_t i = 0; i < 2; ++i) examples.push_back(shape_picture(i));
  HopSkipJumpOptions o = options(Norm::l2, 60);
  o.slots = o.batch = 2;
  const Outcomes together = attack(classifier, o, examples);
  o.slots = o.batch = 1;
  expect_same(attack(classifier, o, examples), together);
}

TEST(HopSkipJump, KeepsItsBudget) {
  const HalfSpace plane(2);
  const std::vector<Example> examples = greys(5);
  for (const std::int64_t budget : {1, 2, 3, 20, 21, 100, 157, 1000}) {
    SCOPED_TRACE(budget);
    std::int64_t shown = 0, most = 0;
    const Classifier counting = [&](const Tensor& images) {
      shown += images.shape().n;
      most = std::max(most, images.shape().n);
      return plane.one_hot()(images);
    };
    std::int64_t counted = 0;
    for (const auto& [index, outcome] : attack(counting, options(Norm::l2, budget), examples)) {
      EXPECT_LE(outcome.queries, budget);
      // What is left at the end would not pay for a direction and the way back to the boundary.
      EXPECT_GE(outcome.queries, std::max<std::int64_t>(budget - 14, 1));
      counted += outcome.queries;
      EXPECT_EQ(outcome.success, plane.score(outcome.image.data()) > 0);
    }
    EXPECT_EQ(counted, shown);
    EXPECT_LE(most, 16) << "the batch";
  }
}

// There theta is above 1: no bisection is needed, and without a limit all queries are left.
TEST(HopSkipJump, ALargeGammaTakesAllItsIterations) {
  HopSkipJumpOptions o = options(Norm::l2, 0);
  o.gamma = 1e5F;
  o.iterations = 3;
  for (const auto& [index, outcome] : attack(HalfSpace(2).one_hot(), o, greys(2))) {
    EXPECT_TRUE(outcome.success);
    EXPECT_EQ(outcome.iterations, 3);
  }
}

TEST(HopSkipJump, MoreQueriesBringItNearer) {
  const HalfSpace plane(2);
  const std::vector<Example> examples = greys(4);
  std::vector<double> means;
  for (const std::int64_t budget : {100, 400, 1600}) {
    double sum = 0;
    const Outcomes outcomes = attack(plane.one_hot(), options(Norm::l2, budget), examples);
    for (const Example& e : examples) {
      sum += distance(outcomes.at(e.index).image, e.image, Norm::l2);
    }
    means.push_back(sum);
  }
  EXPECT_LT(means[1], means[0]);
  EXPECT_LT(means[2], means[1]);
}

TEST(HopSkipJump, GoesToTheTargetFromTheStart) {
  const HalfSpace plane(2);
  std::vector<Example> examples = greys(3);
  for (Example& example : examples) {
    example.target = 1;
    example.start = Tensor::host(example.image.shape());
    for (std::size_t i = 0; i < plane.w.size(); ++i) {
      example.start.data()[i] = plane.w[i] > 0 ? 1.0F : 0.0F;
    }
  }
  std::fill_n(examples[2].start.data(), testing::kPixels, 0.5F);  // of class 0
  for (const Norm norm : {Norm::l2, Norm::linf}) {
    const Outcomes outcomes = attack(plane.one_hot(), options(norm, 2000), examples);
    for (std::int64_t i = 0; i < 2; ++i) {
      const Example& example = examples[static_cast<std::size_t>(i)];
      const double nearest = plane.distance(example.image.data(), norm);
      EXPECT_TRUE(outcomes.at(i).success);
      EXPECT_GT(plane.score(outcomes.at(i).image.data()), 0);
      EXPECT_LE(distance(outcomes.at(i).image, example.image, norm), 1.15 * nearest);
    }
    EXPECT_FALSE(outcomes.at(2).success) << "its start does not show the target";
    EXPECT_EQ(outcomes.at(2).queries, 2);
    EXPECT_EQ(distance(outcomes.at(2).image, examples[2].image, Norm::linf), 0);
  }
}

TEST(HopSkipJump, AWronglyClassifiedImageIsItsOwnNearest) {
  const HalfSpace plane(2);
  std::vector<Example> examples;
  examples.push_back(grey(0, 1));
  const Outcomes outcomes = attack(plane.one_hot(), options(Norm::l2), examples);
  EXPECT_TRUE(outcomes.at(0).success);
  EXPECT_EQ(outcomes.at(0).queries, 1);
  EXPECT_EQ(distance(outcomes.at(0).image, examples[0].image, Norm::linf), 0);
}

TEST(HopSkipJump, SaysThatNothingFools) {
  const std::vector<Example> examples = greys(2);
  for (const float score : {1.0F, std::nanf("")}) {
    const Classifier constant = [&](const Tensor& images) {
      Tensor scores = Tensor::host({images.shape().n, 2, 1, 1});
      std::fill_n(scores.data(), scores.count(), score);
      return scores;
    };
    const Outcomes outcomes = attack(constant, options(Norm::l2, 0), examples);
    EXPECT_FALSE(outcomes.at(0).success);
    EXPECT_EQ(outcomes.at(0).queries, 1001) << "the image and a thousand of noise";
    EXPECT_EQ(distance(outcomes.at(0).image, examples[0].image, Norm::linf), 0);
  }
}

template <class F>
void expect_refusal(F f, const std::vector<std::string>& parts) {
  try {
    f();
    ADD_FAILURE() << "nothing was refused";
  } catch (const UsageError& error) {
    for (const std::string& part : parts) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  }
}

TEST(HopSkipJump, RefusesBadOptions) {
  const Classifier classifier = HalfSpace(2).one_hot();
  const auto refused = [&](auto change, const std::vector<std::string>& parts) {
    HopSkipJumpOptions o;
    change(o);
    expect_refusal([&] { hop_skip_jump(cpu(), classifier, o); }, parts);
  };
  refused([](auto& o) { o.iterations = -1; }, {"--steps -1"});
  refused([](auto& o) { o.max_queries = -5; }, {"--max-queries -5"});
  refused([](auto& o) { o.initial_evaluations = 0; }, {"--initial-evaluations 0"});
  refused([](auto& o) { o.max_evaluations = 0; }, {"--max-evaluations 0"});
  refused([](auto& o) { o.gamma = std::nanf(""); }, {"--gamma"});
  refused([](auto& o) { o.slots = 0; }, {"--slots 0"});
  refused([](auto& o) { o.batch = 0; }, {"--batch 0"});
}

TEST(HopSkipJump, RefusesBadImages) {
  const Classifier classifier = HalfSpace(2).one_hot();
  const auto attack_of_all = hop_skip_jump(cpu(), classifier, options(Norm::l2));
  attack_of_all->start(0, grey(0, 0));
  const auto refused = [&](auto change, const std::vector<std::string>& parts) {
    Example example = grey(7, 0);
    change(example);
    expect_refusal([&] { attack_of_all->start(1, example); }, parts);
  };
  refused(
      [](Example& e) {
        e.image = Tensor::host({1, 3, 4, 4});
      },
      {"image 7", "1x3x4x4", "1x3x8x8"});
  refused([](Example& e) { e.image.data()[3] = 200; }, {"image 7", "[0,1]", "255"});
  refused([](Example& e) { e.target = 1; }, {"image 7", "targeted", "class 1", "start"});
  refused([](Example& e) { e.target = 0; }, {"image 7", "own class"});
  refused(
      [](Example& e) {
        e.target = 1;
        e.start = Tensor::host({1, 3, 4, 4});
      },
      {"image 7", "start", "1x3x4x4"});
}

}  // namespace
}  // namespace phosphene
