#include "phosphene/attacks/deepfool.hpp"

#include <gmock/gmock.h>

#include "phosphene/error.hpp"
#include "tests/nearest/linear_victim.hpp"

namespace phosphene::nearest {
namespace {

using testing::HasSubstr;

const Context& cpu() {
  static const Context context(ContextOptions{.device = "cpu"});
  return context;
}

DeepFoolOptions in(Norm norm) {
  DeepFoolOptions options;
  options.norm = norm;
  return options;
}

// Linear boundaries are met at the first step, from there it is 1e-4 and the overshoot across.
TEST(DeepFool, CrossesTheNearestLinearBoundaryInOneStep) {
  for (const Norm norm : {Norm::l2, Norm::linf}) {
    LinearVictim victim(cpu(), 4);
    const std::vector<Example> queue = examples(victim, 10);
    const auto outcomes = run(*deepfool(cpu(), victim, in(norm)), queue);
    for (const Example& e : queue) {
      const Outcome& found = outcomes.at(e.index);
      double nearest = INFINITY;
      for (std::int64_t k = 0; k < kClasses; ++k) {
        if (k == e.label) continue;
        nearest = std::min(nearest, victim.distance(e.image.data(), e.label, k, norm));
      }
      EXPECT_TRUE(found.success);
      EXPECT_EQ(found.iterations, 1);
      EXPECT_EQ(found.queries, 2);
      EXPECT_NE(victim.predicted(found.image.data()), e.label);
      const double moved = norm == Norm::l2 ? l2(found.image, e.image) : linf(found.image, e.image);
      // A pixel is rounded to 2^-25, and there are 48 of them.
      EXPECT_NEAR(moved, 1.02 * (nearest + 1e-4), 1e-6);
    }
  }
}

TEST(DeepFool, LooksAtTheCandidatesAlone) {
  LinearVictim victim(cpu(), 1);
  DeepFoolOptions options = in(Norm::l2);
  options.candidates = 2;
  for (const Example& e : examples(victim, 6)) {
    std::int64_t second = e.label == 0 ? 1 : 0;
    for (std::int64_t k = 0; k < kClasses; ++k) {
      if (k != e.label && victim.logit(e.image.data(), k) > victim.logit(e.image.data(), second)) {
        second = k;
      }
    }
    victim.backwards = 0;
    std::vector<Example> queue;
    queue.push_back({e.index, copy_of(e.image), e.label});
    const auto outcomes = run(*deepfool(cpu(), victim, options), queue);
    // Another class may be nearer, and be shown first, but that way it was not led.
    EXPECT_EQ(victim.backwards, 1);
    EXPECT_NEAR(l2(outcomes.at(e.index).image, e.image),
                1.02 * (victim.distance(e.image.data(), e.label, second, Norm::l2) + 1e-4), 1e-6);
  }
}

// The last class as the target: on the way to it others come first, and each becomes the one to
// beat. Images without a target are in the same batch.
TEST(DeepFool, ShowsTheTarget) {
  for (const Norm norm : {Norm::l2, Norm::linf}) {
    LinearVictim victim(cpu(), 3);
    std::vector<Example> queue = examples(victim, 24);
    for (Example& e : queue) {
      if (e.index % 4 == 3) continue;
      e.target = 0;
      for (std::int64_t k = 1; k < kClasses; ++k) {
        const float* x = e.image.data();
        if (victim.logit(x, k) < victim.logit(x, e.target)) e.target = k;
      }
    }
    const auto outcomes = run(*deepfool(cpu(), victim, in(norm)), queue);
    for (const Example& e : queue) {
      const Outcome& found = outcomes.at(e.index);
      ASSERT_TRUE(found.success);
      const std::int64_t shown = victim.predicted(found.image.data());
      EXPECT_TRUE(e.target >= 0 ? shown == e.target : shown != e.label);
      EXPECT_LE(found.iterations, kClasses + 1);
    }
  }
}

TEST(DeepFool, LeavesAnImageThatIsWrongAlready) {
  LinearVictim victim(cpu(), 2);
  std::vector<Example> queue = examples(victim, 1);
  queue[0].label = (queue[0].label + 1) % kClasses;
  const auto outcomes = run(*deepfool(cpu(), victim, in(Norm::l2)), queue);
  EXPECT_TRUE(outcomes.at(0).success);
  EXPECT_EQ(outcomes.at(0).iterations, 0);
  EXPECT_EQ(linf(outcomes.at(0).image, queue[0].image), 0);
}

// White pixels cannot move up: they are clipped at each step, and what they would give is made up
// for by further steps.
TEST(DeepFool, StaysInTheBox) {
  LinearVictim victim(cpu(), 2);
  std::vector<Example> queue;
  for (std::int64_t i = 0; i < 6; ++i) {
    Tensor image = greyish(static_cast<unsigned>(i));
    for (std::int64_t p = 0; p < kPixels; ++p) image.data()[p] = image.data()[p] < 0.5F ? 0 : 1;
    const std::int64_t label = victim.predicted(image.data());
    queue.push_back({.index = i, .image = std::move(image), .label = label});
  }
  for (const Norm norm : {Norm::l2, Norm::linf}) {
    for (const auto& [index, found] : run(*deepfool(cpu(), victim, in(norm)), queue)) {
      EXPECT_TRUE(found.success) << index;
      EXPECT_GE(*std::min_element(found.image.data(), found.image.data() + kPixels), 0);
      EXPECT_LE(*std::max_element(found.image.data(), found.image.data() + kPixels), 1);
    }
  }
}

// Bit for bit, on the CPU.
TEST(DeepFool, AnOutcomeDoesNotDependOnItsCompany) {
  NetworkOptions bundled;
  bundled.weights = "shapes";
  const Network network = load_network(bundled);
  std::vector<Example> queue = shapes_examples(4);
  queue[2].target = (queue[2].label + 1) % 8;
  for (const Norm norm : {Norm::l2, Norm::linf}) {
    const auto with = [&](std::int64_t batch) {
      const auto victim = make_victim(cpu(), network, kShapesSize, kShapesSize, batch);
      return run(*deepfool(cpu(), *victim, in(norm)), queue);
    };
    const auto alone = with(1);
    for (const auto& [index, found] : alone) EXPECT_TRUE(found.success) << index;
    expect_same(alone, with(3));
    if (norm == Norm::linf) continue;
    expect_same(alone, with(3));
    queue.resize(2);  // a batch of 64 is slow
    const auto many = with(64);
    for (const auto& [index, found] : many) {
      EXPECT_EQ(linf(found.image, alone.at(index).image), 0) << index;
    }
    queue = shapes_examples(4);
  }
}

TEST(DeepFool, RefusesOptionsByTheirFlags) {
  LinearVictim victim(cpu(), 1);
  const auto with = [&](auto change) {
    DeepFoolOptions options;
    change(options);
    return refusal([&] { deepfool(cpu(), victim, options); });
  };
  using O = DeepFoolOptions;
  EXPECT_THAT(with([](O& o) { o.steps = 0; }), HasSubstr("--steps 0"));
  EXPECT_THAT(with([](O& o) { o.overshoot = -1; }), HasSubstr("--overshoot"));
  EXPECT_THAT(with([](O& o) { o.candidates = 1; }), HasSubstr("--candidates 1"));
}

}  // namespace
}  // namespace phosphene::nearest
