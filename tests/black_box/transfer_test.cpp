// The transfer matrix of classifiers whose boundaries are known.
#include "phosphene/attacks/transfer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "phosphene/attacks/hop_skip_jump.hpp"
#include "phosphene/context.hpp"
#include "tests/black_box/black_boxes.hpp"

namespace phosphene {
namespace {

using testing::grey;
using testing::HalfSpace;
using testing::queue_of;

const Context& cpu() {
  static const Context context(ContextOptions{.device = "cpu"});
  return context;
}

TransferNetwork network(const std::string& name, const HalfSpace& plane) {
  return {name, plane.one_hot(), [plane](const NextExample& next, const TakeOutcome& done) {
            HopSkipJumpOptions o;
            o.max_queries = 150;
            o.slots = o.batch = 4;
            run_attack(*hop_skip_jump(cpu(), plane.one_hot(), o), next, done);
          }};
}

TransferMatrix matrix_of(std::int64_t batch) {
  const HalfSpace plane(2), same(1.9), other(2, 9), all(-100);
  std::vector<Example> examples;
  for (std::int64_t i = 0; i < 10; ++i) examples.push_back(grey(i, 0));
  return transfer(
      cpu(),
      {network("plane", plane), network("same", same), network("other", other),
       network("all", all)},
      [&] { return queue_of(examples); }, batch);
}

TEST(Transfer, CountsWhatEachVictimNamesCorrectly) {
  const TransferMatrix matrix = matrix_of(3);
  EXPECT_EQ(matrix.images, 10);
  EXPECT_EQ(matrix.names, (std::vector<std::string>{"plane", "same", "other", "all"}));
  EXPECT_EQ(matrix.correct, (std::vector<std::int64_t>{10, 10, 10, 0}));
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      EXPECT_EQ(matrix.cells[i][j].correct, matrix.correct[j]) << i << j;
    }
  }
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(matrix.cells[i][i].fooled, 10) << i;
  EXPECT_EQ(matrix.cells[0][1].fooled, 10) << "a plane just before it";
  EXPECT_LT(matrix.cells[0][2].fooled, 10) << "a plane of another direction";
  EXPECT_EQ(matrix.cells[3][0].fooled, 0) << "nothing is to be done about its images";
}

TEST(Transfer, ANetworkThatGivesNaNNamesNothingAndIsNotFooled) {
  const HalfSpace plane(2);
  TransferNetwork broken = network("broken", plane);
  broken.classifier = [](const Tensor& images) {
    Tensor scores = Tensor::host({images.shape().n, 2, 1, 1});
    std::fill_n(scores.data(), scores.count(), std::nanf(""));
    return scores;
  };
  std::vector<Example> examples;
  for (std::int64_t i = 0; i < 2; ++i) examples.push_back(grey(i, 0));
  const TransferMatrix matrix = transfer(
      cpu(), {network("plane", plane), broken}, [&] { return queue_of(examples); }, 2);
  EXPECT_EQ(matrix.correct, (std::vector<std::int64_t>{2, 0}));
  EXPECT_EQ(matrix.cells[0][0].fooled, 2);
  EXPECT_EQ(matrix.cells[0][1].fooled, 0);
}

TEST(Transfer, DoesNotDependOnTheBatch) {
  const TransferMatrix one = matrix_of(1), many = matrix_of(64);
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      EXPECT_EQ(one.cells[i][j].fooled, many.cells[i][j].fooled) << i << j;
    }
  }
}

}  // namespace
}  // namespace phosphene
