// HopSkipJump's distances against Foolbox's at the same budget, on the bundled classifier.
// Foolbox's are those of 3.3.4, a seed an image, the nearest of all that it asked about in 400
// queries:
//   make_shapes 2 8 F.bin; bench/peers/hop_skip_jump.py --model shapes --side 64 --images F.bin
//       --weights models/shapes.safetensors --count 8 --queries 400 --together --norm l2 (linf)
// Image 6 is left out: it took Foolbox more than 400 queries to find noise that fools.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "phosphene/attacks/hop_skip_jump.hpp"
#include "phosphene/context.hpp"
#include "phosphene/models.hpp"
#include "tests/black_box/black_boxes.hpp"

namespace phosphene {
namespace {

constexpr std::array<std::int64_t, 7> kImages{0, 1, 2, 3, 4, 5, 7};
constexpr std::array<double, 7> kL2{6.67492, 7.11769,  8.43077, 11.14208,
                                    8.28536, 15.95848, 11.13626};
constexpr std::array<double, 7> kLinf{0.093861, 0.124304, 0.132250, 0.202130,
                                      0.115882, 0.261732, 0.207232};

void expect_no_farther(Norm norm, const std::array<double, 7>& peer) {
  const Context context(ContextOptions{.device = "cpu"});
  const Network network = load_network({.weights = "shapes"});
  std::vector<Example> examples;
  for (const std::int64_t i : kImages) examples.push_back(testing::shape_picture(i));
  HopSkipJumpOptions options;
  options.norm = norm;
  options.max_queries = 400;
  options.slots = options.batch = 7;
  const auto attack = hop_skip_jump(
      context, make_classifier(context, network, kShapesSize, kShapesSize, 7), options);
  double ours = 0, theirs = 0;
  const testing::Outcomes outcomes = testing::outcomes_of(*attack, examples);
  for (std::size_t k = 0; k < examples.size(); ++k) {
    const Outcome& outcome = outcomes.at(examples[k].index);
    ASSERT_TRUE(outcome.success);
    EXPECT_LE(outcome.queries, 400);
    ours += testing::distance(outcome.image, examples[k].image, norm) / 7;
    theirs += peer[k] / 7;
  }
  EXPECT_LE(ours, 1.05 * theirs) << "mean distance of " << theirs;
}

TEST(HopSkipJumpPeer, IsNoFartherInL2) { expect_no_farther(Norm::l2, kL2); }

TEST(HopSkipJumpPeer, IsNoFartherInLInfinity) { expect_no_farther(Norm::linf, kLinf); }

}  // namespace
}  // namespace phosphene
