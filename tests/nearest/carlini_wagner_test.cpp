#include "phosphene/attacks/carlini_wagner.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "engine/attacks/carlini_wagner_search.hpp"
#include "phosphene/error.hpp"
#include "tests/nearest/linear_victim.hpp"

namespace phosphene::nearest {
namespace {

using Next = CarliniWagnerSearch::Next;
using testing::HasSubstr;

const Context& cpu() {
  static const Context context(ContextOptions{.device = "cpu"});
  return context;
}

/// The values of c that are tried where an image fools from a certain c on.
std::vector<double> tried(double from, CarliniWagnerOptions options) {
  CarliniWagnerSearch search(options);
  std::vector<double> all{search.c()};
  for (;;) {
    const Next next = search.look(search.c() >= from ? 1.0F : -1.0F, 1.0F);
    if (next == Next::end) return all;
    if (next == Next::restart) all.push_back(search.c());
  }
}

CarliniWagnerOptions quick(int searches, int steps) {
  CarliniWagnerOptions options;
  options.searches = searches;
  options.steps = steps;
  return options;
}

TEST(CarliniWagnerSearch, BracketsTheSmallestC) {
  using testing::DoubleEq;
  using testing::ElementsAre;
  const double first = double{1e-3F};
  EXPECT_THAT(tried(0.05, quick(6, 2)),
              ElementsAre(DoubleEq(first), DoubleEq(10 * first), DoubleEq(100 * first),
                          DoubleEq(55 * first), DoubleEq(32.5 * first), DoubleEq(43.75 * first)));
  EXPECT_THAT(tried(0, quick(3, 2)),
              ElementsAre(DoubleEq(first), DoubleEq(first / 2), DoubleEq(first / 4)));
  for (const double from : {0.002, 0.7, 33.0}) {
    const std::vector<double> c = tried(from, quick(9, 1));
    double lower = 0, upper = INFINITY;
    for (const double value : c) {
      EXPECT_GT(value, lower);
      EXPECT_LT(value, upper);
      (value >= from ? upper : lower) = value;
    }
  }
}

// The original's "repeat": the last of ten asks the smallest c that fooled once more.
TEST(CarliniWagnerSearch, TenSearchesEndWithTheSmallestThatFooled) {
  const std::vector<double> c = tried(0.05, quick(10, 1));
  double smallest = INFINITY;
  for (std::size_t i = 0; i + 1 < c.size(); ++i) {
    if (c[i] >= 0.05) smallest = std::min(smallest, c[i]);
  }
  EXPECT_EQ(c.back(), smallest);
}

TEST(CarliniWagnerSearch, KeepsTheNearestThatFools) {
  CarliniWagnerSearch search(quick(1, 10));
  const std::pair<float, float> told[] = {{1, 5}, {-1, 1}, {0, 1}, {1, 4}, {1, 4.5F}, {NAN, 1}};
  std::vector<bool> improved;
  for (const auto& [margin, distance] : told) {
    search.look(margin, distance);
    improved.push_back(search.improved());
  }
  EXPECT_EQ(improved, (std::vector<bool>{true, false, false, true, false, false}));
  EXPECT_TRUE(search.found());
}

TEST(CarliniWagnerSearch, EndsASearchThatStallsAtATenth) {
  for (const bool abort : {true, false}) {
    CarliniWagnerOptions options = quick(2, 100);
    options.abort_early = abort;
    CarliniWagnerSearch search(options);
    int looks = 1;
    // The loss falls by 1 % a tenth for three tenths, then stays.
    while (search.look(-1, std::pow(0.995F, static_cast<float>(std::min(3, looks / 10)))) ==
           Next::step) {
      ++looks;
    }
    EXPECT_EQ(looks, abort ? 41 : 100);
  }
}

TEST(CarliniWagner, FindsTheNearestPointBehindALinearBoundary) {
  LinearVictim victim(cpu(), 4);
  const std::vector<Example> queue = examples(victim, 10);
  CarliniWagnerOptions options = quick(9, 300);
  options.initial_c = 0.1F;
  const auto outcomes = run(*carlini_wagner(cpu(), victim, options), queue);
  for (const Example& e : queue) {
    const Outcome& found = outcomes.at(e.index);
    double nearest = INFINITY;
    for (std::int64_t k = 0; k < kClasses; ++k) {
      if (k == e.label) continue;
      nearest = std::min(nearest, victim.distance(e.image.data(), e.label, k, Norm::l2));
    }
    ASSERT_TRUE(found.success);
    EXPECT_NE(victim.predicted(found.image.data()), e.label);
    // Nothing is nearer than the boundary; Adam's steps of 0.01 in w stop short of it by about as
    // many hundredths of a pixel's range.
    EXPECT_GT(l2(found.image, e.image), nearest - 1e-6);
    EXPECT_LT(l2(found.image, e.image), 1.05 * nearest + 0.005);
  }
}

TEST(CarliniWagner, ShowsTheTargetWithItsMargin) {
  LinearVictim victim(cpu(), 3);
  std::vector<Example> queue = examples(victim, 6);
  for (Example& e : queue) e.target = (e.label + 1 + e.index % 4) % kClasses;
  CarliniWagnerOptions options = quick(5, 150);
  options.initial_c = 1;
  options.kappa = 0.5F;
  const auto outcomes = run(*carlini_wagner(cpu(), victim, options), queue);
  for (const Example& e : queue) {
    const Outcome& found = outcomes.at(e.index);
    ASSERT_TRUE(found.success);
    for (std::int64_t k = 0; k < kClasses; ++k) {
      if (k == e.target) continue;
      EXPECT_GT(victim.logit(found.image.data(), e.target) - victim.logit(found.image.data(), k),
                0.5 - 1e-5);
    }
  }
}

TEST(CarliniWagner, NothingFoundIsTheCleanImage) {
  LinearVictim victim(cpu(), 2);
  const std::vector<Example> queue = examples(victim, 3);
  CarliniWagnerOptions options = quick(1, 2);
  options.kappa = 1000;  // no image has such a margin
  const auto outcomes = run(*carlini_wagner(cpu(), victim, options), queue);
  for (const Example& e : queue) {
    EXPECT_FALSE(outcomes.at(e.index).success);
    EXPECT_EQ(linf(outcomes.at(e.index).image, e.image), 0);
    EXPECT_EQ(outcomes.at(e.index).iterations, 2);
    EXPECT_EQ(outcomes.at(e.index).queries, 2);
  }
}

// A whole network: black and white pixels, slots that are refilled at different times.
TEST(CarliniWagner, AnOutcomeDoesNotDependOnItsCompany) {
  NetworkOptions bundled;
  bundled.weights = "shapes";
  const Network network = load_network(bundled);
  std::vector<Example> queue = shapes_examples(5);
  std::fill_n(queue[0].image.data(), 2000, 0.0F);
  std::fill_n(queue[0].image.data() + 5000, 2000, 1.0F);
  queue[2].target = (queue[2].label + 1) % 8;
  CarliniWagnerOptions options = quick(3, 12);
  options.initial_c = 1;
  options.rate = 0.03F;
  std::vector<std::map<std::int64_t, Outcome>> outcomes;
  for (const std::int64_t batch : {1, 3, 3, 64}) {
    const auto victim = make_victim(cpu(), network, kShapesSize, kShapesSize, batch);
    if (batch == 64) queue.resize(2);  // a full batch of 64 is slow: the rest are padding
    outcomes.push_back(run(*carlini_wagner(cpu(), *victim, options), queue));
  }
  expect_same(outcomes[0], outcomes[1]);
  expect_same(outcomes[1], outcomes[2]);
  std::erase_if(outcomes[0], [](const auto& one) { return one.first >= 2; });
  expect_same(outcomes[0], outcomes[3]);
}

TEST(CarliniWagner, RefusesOptionsByTheirFlags) {
  LinearVictim victim(cpu(), 1);
  const auto with = [&](auto change) {
    CarliniWagnerOptions options;
    change(options);
    return refusal([&] { carlini_wagner(cpu(), victim, options); });
  };
  using O = CarliniWagnerOptions;
  EXPECT_THAT(with([](O& o) { o.searches = 0; }), HasSubstr("--searches"));
  EXPECT_THAT(with([](O& o) { o.steps = 0; }), HasSubstr("--steps"));
  EXPECT_THAT(with([](O& o) { o.rate = 0; }), HasSubstr("--rate"));
  EXPECT_THAT(with([](O& o) { o.initial_c = -1; }), HasSubstr("--initial-c"));
  EXPECT_THAT(with([](O& o) { o.kappa = NAN; }), HasSubstr("--kappa"));
  EXPECT_THAT(with([](O& o) { o.samples = 0; }), HasSubstr("--samples"));
}

}  // namespace
}  // namespace phosphene::nearest
