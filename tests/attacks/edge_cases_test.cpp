// What every attack must bear: queues shorter than a batch, balls of one point, images of one
// pixel, two classes, gradients of zero, scores of NaN, a run that was broken off, a second run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/attacks/next_classes.hpp"
#include "phosphene/attacks/apgd.hpp"
#include "phosphene/attacks/carlini_wagner.hpp"
#include "phosphene/attacks/deepfool.hpp"
#include "phosphene/attacks/fab.hpp"
#include "phosphene/attacks/hop_skip_jump.hpp"
#include "phosphene/attacks/pgd.hpp"
#include "phosphene/attacks/square.hpp"
#include "phosphene/error.hpp"
#include "tests/attacks/pictures.hpp"
#include "tests/attacks/planes.hpp"

namespace phosphene::testing_attacks {
namespace {

struct Case {
  std::string name;
  std::function<std::unique_ptr<Attack>(const Context&, Victim&, Norm)> make;
};

std::vector<Case> attacks() {
  return {
      {"pgd",
       [](const Context& c, Victim& v, Norm norm) {
         PgdOptions options;
         options.norm = norm;
         options.steps = 3;
         options.restarts = 2;
         return pgd(c, v, std::move(options));
       }},
      {"apgd",
       [](const Context& c, Victim& v, Norm norm) {
         return apgd(c, v, {.norm = norm, .steps = 4, .restarts = 2, .targets = 2});
       }},
      {"fab", [](const Context& c, Victim& v,
                 Norm norm) { return fab(c, v, {.norm = norm, .steps = 3, .targets = 2}); }},
      {"square",
       [](const Context& c, Victim& v, Norm norm) {
         return square(c, as_classifier(c, v), v.images(),
                       {.norm = norm, .queries = 6, .restarts = 2});
       }},
      {"deepfool", [](const Context& c, Victim& v,
                      Norm norm) { return deepfool(c, v, {.norm = norm, .steps = 3}); }},
      {"carlini_wagner", [](const Context& c, Victim& v,
                            Norm) { return carlini_wagner(c, v, {.searches = 3, .steps = 4}); }},
      {"hop_skip_jump",
       [](const Context& c, Victim& v, Norm norm) {
         return hop_skip_jump(c, as_classifier(c, v),
                              {.norm = norm,
                               .iterations = 2,
                               .max_queries = 150,
                               .slots = v.images().n,
                               .batch = v.images().n});
       }},
  };
}

const Context& cpu() {
  static const Context context({.device = "cpu", .seed = 5});
  return context;
}

std::vector<Example> examples(const Planes& victim, int count, float epsilon) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(0.2F, 0.8F);
  const Shape s = victim.images();
  std::vector<Example> all;
  for (int i = 0; i < count; ++i) {
    Example example;
    example.index = i;
    example.tag = 100 - i;
    example.image = Tensor::host({1, s.c, s.h, s.w});
    std::generate_n(example.image.data(), example.image.count(), [&] { return uniform(random); });
    example.label = victim.label(example.image);
    example.epsilon = epsilon;
    all.push_back(std::move(example));
  }
  return all;
}

void expect_equal(const Outcomes& some, const Outcomes& others, const std::string& name) {
  ASSERT_EQ(some.size(), others.size()) << name;
  for (const auto& [index, outcome] : some) {
    const Outcome& other = others.at(index);
    EXPECT_EQ(values(outcome.image), values(other.image)) << name << ", image " << index;
    EXPECT_EQ(outcome.success, other.success) << name << ", image " << index;
    EXPECT_EQ(outcome.iterations, other.iterations) << name << ", image " << index;
    EXPECT_EQ(outcome.queries, other.queries) << name << ", image " << index;
  }
}

/// Every pixel is one, and success is what the victim says it is.
void expect_sound(const Outcomes& outcomes, const Planes& victim, const std::vector<Example>& queue,
                  const std::string& name) {
  ASSERT_EQ(outcomes.size(), queue.size()) << name;
  for (const Example& example : queue) {
    const Outcome& outcome = outcomes.at(example.index);
    for (const float v : values(outcome.image)) {
      ASSERT_TRUE(v >= 0 && v <= 1) << name << ": a pixel is " << v;
    }
    EXPECT_EQ(outcome.success, victim.label(outcome.image) != example.label)
        << name << ", image " << example.index;
    EXPECT_EQ(outcome.tag, example.tag) << name;
  }
}

constexpr Norm kNorms[] = {Norm::linf, Norm::l2};

// Two classes and one pixel: a single boundary, a square that fills the image.
TEST(EdgeCases, ImagesOfOnePixelAndTwoClasses) {
  for (const Shape& shape : {Shape{5, 3, 1, 1}, Shape{5, 3, 1, 4}, Shape{5, 3, 3, 3}}) {
    Planes victim(shape, 2);
    for (const Norm norm : kNorms) {
      for (const float epsilon : {0.0F, 0.6F}) {
        const std::vector<Example> queue = examples(victim, 3, epsilon);
        for (const Case& each : attacks()) {
          const auto attack = each.make(cpu(), victim, norm);
          expect_sound(run(*attack, queue), victim, queue, each.name);
        }
      }
    }
  }
}

// The throw comes in every call of the first steps: an outcome is that of an attack made anew.
TEST(EdgeCases, RunsAgainAfterOneThatWasBrokenOff) {
  Planes victim({3, 3, 3, 3}, 4);
  const std::vector<Example> queue = examples(victim, 5, 0.02F);
  std::vector<Example> fewer;  // other images than those that were dropped
  for (std::size_t i = 3; i < queue.size(); ++i) fewer.push_back(copy_of(queue[i]));
  for (const Norm norm : kNorms) {
    for (const Case& each : attacks()) {
      const Outcomes fresh = run(*each.make(cpu(), victim, norm), fewer);
      const auto attack = each.make(cpu(), victim, norm);
      int broken = 0;
      for (int calls = 1; calls <= 6; ++calls) {
        victim.left = calls;
        bool thrown = false;
        try {
          run(*attack, queue);
        } catch (const Error&) {
          thrown = true;
        }
        EXPECT_EQ(thrown, victim.left <= 0) << each.name;
        broken += thrown ? 1 : 0;
        victim.left = -1;
        expect_equal(run(*attack, fewer), fresh, each.name);
        for (std::int64_t slot = 0; slot < attack->slots(); ++slot) {
          EXPECT_FALSE(attack->finished(slot)) << each.name;
        }
      }
      EXPECT_GE(broken, 3) << each.name;
    }
  }
}

// Class 7 is none, which a black box shows when it answers: the next run knows nothing of it.
TEST(EdgeCases, AClassThatIsNoneIsRefusedOnce) {
  Planes victim({2, 3, 3, 3}, 4);
  for (const Case& each : attacks()) {
    const auto attack = each.make(cpu(), victim, Norm::l2);
    for (const bool of_target : {false, true}) {
      std::vector<Example> wrong = examples(victim, 2, 0.1F);
      (of_target ? wrong[1].target : wrong[1].label) = 7;
      if (of_target) wrong[1].start = copy_of(wrong[0]).image;
      std::string said;
      try {
        std::size_t at = 0;
        run_attack(
            *attack,
            [&]() -> std::optional<Example> {
              if (at == wrong.size()) return std::nullopt;
              return std::move(wrong[at++]);
            },
            [](const Outcome&) {});
      } catch (const UsageError& error) {
        said = error.what();
      }
      EXPECT_EQ(said,
                std::string("image 1: ") + (of_target ? "target" : "label") + " 7, expected 0 to 3")
          << each.name;
      const std::vector<Example> good = examples(victim, 1, 0.1F);
      expect_sound(run(*attack, good), victim, good, each.name);
    }
  }
}

TEST(EdgeCases, AGradientOfZeroEnds) {
  Planes victim({2, 3, 3, 3}, 4);
  victim.flat = true;
  for (const Norm norm : kNorms) {
    const std::vector<Example> queue = examples(victim, 3, 0.02F);
    for (const Case& each : attacks()) {
      const auto attack = each.make(cpu(), victim, norm);
      expect_sound(run(*attack, queue), victim, queue, each.name);
    }
  }
}

TEST(EdgeCases, ScoresOfNaNFoolNobody) {
  Torn victim({2, 3, 3, 3}, 6);
  std::vector<Example> queue = examples(victim, 3, 0.1F);
  victim.everywhere = true;
  for (const Norm norm : kNorms) {
    for (const Case& each : attacks()) {
      const auto attack = each.make(cpu(), victim, norm);
      const Outcomes outcomes = run(*attack, queue);
      ASSERT_EQ(outcomes.size(), queue.size());
      for (const auto& [index, outcome] : outcomes) {
        EXPECT_FALSE(outcome.success) << each.name;
        // A loss that is none ends a search.
        if (each.name == "carlini_wagner") {
          EXPECT_EQ(outcome.iterations, 3);
        }
      }
    }
  }
}

TEST(EdgeCases, TheNextClassesAreInOrderWhateverTheScores) {
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> scores{1, kNone, 3, 2, kNone, 3, -INFINITY};
  using Classes = std::vector<std::int64_t>;
  EXPECT_EQ(next_classes(scores, 2, 3), (Classes{5, 3, 0}));
  EXPECT_EQ(next_classes(scores, 1, 9), (Classes{2, 5, 3, 0, 4, 6}));
  EXPECT_EQ(next_classes(scores, -1, 2), (Classes{2, 5}));
}

// A NaN is less than any margin or loss: where one point of many is none, the outcome is none.
TEST(EdgeCases, ANumberIsMoreThanNaN) {
  Torn victim({1, 3, 3, 3}, 4);
  const std::vector<Example> queue = examples(victim, 12, 1e-3F);  // few are fooled
  const auto attack_of = [&](const std::string& name, Norm norm) -> std::unique_ptr<Attack> {
    if (name == "pgd") {
      PgdOptions options;
      options.norm = norm;
      options.steps = 3;
      options.restarts = 20;
      options.relative_alpha = 1e-3F;  // it ends where it began, there or here
      return pgd(cpu(), victim, std::move(options));
    }
    if (name == "apgd") return apgd(cpu(), victim, {.norm = norm, .steps = 3, .restarts = 20});
    return square(cpu(), as_classifier(cpu(), victim), victim.images(),
                  {.norm = norm, .queries = 10, .restarts = 20});
  };
  for (const Norm norm : kNorms) {
    for (const std::string name : {"pgd", "apgd", "square"}) {
      const auto attack = attack_of(name, norm);
      int standing = 0;
      for (const Example& example : queue) {
        std::vector<Example> one;
        one.push_back(copy_of(example));
        victim.edge = example.image.data()[0];  // the half of all points where it is smaller
        const Outcome outcome = std::move(run(*attack, one).begin()->second);
        standing += outcome.success ? 0 : 1;
        EXPECT_GE(outcome.image.data()[0], victim.edge) << name << " " << to_string(norm);
      }
      EXPECT_GT(standing, 6) << name;
    }
  }
}

}  // namespace
}  // namespace phosphene::testing_attacks
