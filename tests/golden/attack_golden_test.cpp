// The gradient attacks against torchattacks on the classifier that is linked into the library.
#include <gtest/gtest.h>

#include <algorithm>

#include "phosphene/models.hpp"
#include "tests/golden/attack_golden.hpp"

namespace phosphene::golden {
namespace {

const AttackCase kShapes{"shapes", 1.0F / 255};

Tensor drawn_pictures() {
  const Tensor all = picture({24, 3, 64, 64}, 1);
  const Values chosen = values(load("attacks"), "shapes.pictures");
  Tensor images = Tensor::host({static_cast<std::int64_t>(chosen.size()), 3, 64, 64});
  const std::int64_t each = 3 * 64 * 64;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    std::copy_n(all.data() + static_cast<std::int64_t>(chosen[i]) * each, each,
                images.data() + static_cast<std::int64_t>(i) * each);
  }
  return images;
}

Network bundled() {
  NetworkOptions options;
  options.weights = "shapes";
  return load_network(options);
}

TEST(AttackGolden, StepsAreThePeers) {
  expect_the_peers_steps(kShapes, bundled(), drawn_pictures());
}
TEST(AttackGolden, OutcomesAreThePeers) {
  expect_the_peers_outcomes(kShapes, bundled(), drawn_pictures());
}

}  // namespace
}  // namespace phosphene::golden
