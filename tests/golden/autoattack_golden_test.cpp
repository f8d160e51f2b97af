// The original AutoAttack, step by step from its own state (make_autoattack_goldens.py): what it
// did between two evaluations of a network, which is not here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/attacks/apgd_schedule.hpp"
#include "engine/attacks/square_moves.hpp"
#include "engine/ops/attack_steps.hpp"
#include "engine/ops/image_ops.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "tests/golden/golden.hpp"

namespace phosphene::golden {
namespace {

using Floats = std::vector<float>;

/// Row i of an array, whose last `size` extents are one image of a step.
Floats row(const HostArray& array, std::size_t i, std::int64_t size) {
  const auto from = array.values.begin() + static_cast<std::ptrdiff_t>(i) * size;
  return {from, from + size};
}

struct Peer : testing::TestWithParam<Norm> {
  Tensor tensor(const Floats& v) const {
    Tensor t = Tensor::host({1, static_cast<std::int64_t>(v.size()), 1, 1});
    std::copy(v.begin(), v.end(), t.data());
    return ops::to_device(context, t);
  }
  Tensor number(float v) const { return ops::numbers(context, Floats{v}); }
  Floats floats(const Tensor& t) const {
    const Tensor host = ops::to_host(context, t);
    return {host.data(), host.data() + host.count()};
  }
  std::string name() const { return GetParam() == Norm::linf ? "Linf" : "L2"; }
  static void expect_near(const Floats& ours, const Floats& theirs, float tolerance) {
    ASSERT_EQ(ours.size(), theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) ASSERT_NEAR(ours[i], theirs[i], tolerance) << i;
  }

  Context context{ContextOptions{.device = "cpu"}};
  Weights golden = load("autoattack");
};

/// Both sides are float32: L-infinity rounds alike but for the order of sums of two; L2 has three
/// lengths of 27 elements on either side.
float tolerance(Norm norm) { return norm == Norm::linf ? 0x1p-22F : 0x1p-20F; }

class Apgd : public Peer {
 public:
  /// 100 steps of one image; how often the step was halved.
  int replay(const std::string& prefix, std::size_t image) {
    const HostArray& points = golden.at(prefix + "points");
    const HostArray& gradients = golden.at(prefix + "gradients");
    const Floats losses = golden.at(prefix + "losses").values;
    const std::int64_t images = points.shape[1], size = points.shape[2];
    const auto at = [&](std::size_t k) { return k * static_cast<std::size_t>(images) + image; };
    const float epsilon = GetParam() == Norm::linf ? 0.08F : 0.4F;
    const Tensor clean = tensor(row(golden.at(prefix + "clean"), image, size));
    ApgdSchedule schedule(100, 0.75F, epsilon, losses[at(0)]);
    Floats x = row(points, at(0), size), g = row(gradients, at(0), size), old = x;
    Floats best = x, best_g = g;
    int halved = 0;
    for (std::size_t k = 0; k < 100; ++k) {
      Tensor point = tensor(x), before = tensor(old);
      ops::apgd_step(context, GetParam(), tensor(g), clean, number(schedule.step()),
                     number(epsilon), number(k > 0 ? 0.75F : 1), point, before);
      const Floats theirs = row(points, at(k + 1), size);
      SCOPED_TRACE(prefix + "step " + std::to_string(k));
      expect_near(floats(point), theirs, tolerance(GetParam()));
      EXPECT_EQ(floats(before), x);
      old = x;
      const auto [is_best, back] = schedule.next(losses[at(k + 1)]);
      x = theirs;
      g = row(gradients, at(k + 1), size);
      if (is_best) best = x, best_g = g;
      if (back) x = best, g = best_g;
      halved += back ? 1 : 0;
    }
    float largest = losses[at(0)];
    for (std::size_t k = 1; k <= 100; ++k) largest = std::max(largest, losses[at(k)]);
    EXPECT_EQ(schedule.best(), largest);
    return halved;
  }
};

TEST_P(Apgd, EveryStepIsTheOriginals) {
  int halved = 0, runs = 0;
  for (const char* loss : {"ce", "dlr"}) {
    for (const std::size_t image : {0U, 1U}) {
      halved += replay("apgd_" + name() + "_" + loss + "_", image);
      ++runs;
    }
  }
  // At some checkpoints, not at all.
  EXPECT_GT(halved, runs);
  EXPECT_LT(halved, 8 * runs);
}
INSTANTIATE_TEST_SUITE_P(Norms, Apgd, testing::Values(Norm::linf, Norm::l2));

using Fab = Peer;

/// Where the plane is what the two sides solve in float32: the error of sums of 27 terms, on the
/// weights of the free elements.
constexpr float kSolved = 4e-6F;

TEST_P(Fab, EveryStepIsTheOriginals) {
  const std::string prefix = "fab_" + name() + "_";
  const HostArray& points = golden.at(prefix + "points");
  const std::int64_t images = points.shape[1], size = points.shape[2];
  const auto steps = static_cast<std::size_t>(points.shape[0]);
  int back = 0;
  for (std::size_t n = 0; n < static_cast<std::size_t>(images); ++n) {
    const Tensor clean = tensor(row(golden.at(prefix + "clean"), n, size));
    for (std::size_t k = 0; k < steps; ++k) {
      const std::size_t at = k * static_cast<std::size_t>(images) + n;
      const auto moved = [&](const Floats& from, ops::FabMove move) {
        Tensor x = tensor(from);
        const std::vector<std::int32_t> moves = {static_cast<std::int32_t>(move)};
        ops::fab_step(context, GetParam(), tensor(row(golden.at(prefix + "gradients"), at, size)),
                      number(golden.at(prefix + "differences").values[at]), clean,
                      ops::classes(context, moves), {0.1F, 1.05F, 0.9F}, x);
        return floats(x);
      };
      const Floats after = row(golden.at(prefix + "after"), at, size);
      SCOPED_TRACE(prefix + "step " + std::to_string(k));
      expect_near(moved(row(points, at, size), ops::FabMove::step), after, kSolved);
      if (k + 1 == steps) continue;
      const Floats next = row(points, at + static_cast<std::size_t>(images), size);
      if (next == after) continue;
      expect_near(moved(after, ops::FabMove::back), next, 0x1p-23F);
      ++back;
    }
  }
  EXPECT_GT(back, 0);
}

TEST_P(Fab, ProjectionsAreTheOriginals) {
  const HostArray& points = golden.at("planes_points");
  const HostArray& theirs = golden.at(GetParam() == Norm::linf ? "planes_linf" : "planes_l2");
  const std::int64_t size = points.shape[1];
  const std::vector<std::int32_t> step = {static_cast<std::int32_t>(ops::FabMove::step)};
  for (std::size_t n = 0; n < static_cast<std::size_t>(points.shape[0]); ++n) {
    const Floats t = row(points, n, size);
    Tensor x = tensor(t);
    // Nothing of x0 and no overshoot: the projection alone.
    ops::fab_step(context, GetParam(), tensor(row(golden.at("planes_weights"), n, size)),
                  number(golden.at("planes_values").values[n]), tensor(t),
                  ops::classes(context, step), {0, 1, 0.9F}, x);
    Floats expected = row(theirs, n, size);
    for (std::size_t i = 0; i < t.size(); ++i) expected[i] += t[i];
    SCOPED_TRACE("plane " + std::to_string(n));
    expect_near(floats(x), expected, 1e-6F);
  }
}
INSTANTIATE_TEST_SUITE_P(Norms, Fab, testing::Values(Norm::linf, Norm::l2));

TEST(Square, FractionsAreTheOriginals) {
  const Weights golden = load("autoattack");
  const Floats changes = golden.at("square_changes").values;
  const Floats fractions = golden.at("square_fractions").values;
  std::size_t now = 0;
  for (int i = 0; i < 5000; ++i) {
    if (now + 1 < changes.size() && static_cast<float>(i) == changes[now + 1]) ++now;
    ASSERT_FLOAT_EQ(static_cast<float>(square_fraction(0.8, i)), fractions[now]) << i;
  }
  EXPECT_EQ(now + 1, changes.size());
}

TEST(Square, BumpsAreTheOriginals) {
  const Weights golden = load("autoattack");
  for (const std::int32_t side : {1, 2, 5, 13}) {
    const Floats theirs = golden.at("square_bump_" + std::to_string(side)).values;
    const Floats ours = square_bump(side);
    ASSERT_EQ(ours.size(), theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], theirs[i], 1e-6F) << side;
  }
}

// The sides at 32 x 32, by the original's rule: round(sqrt(p h w)), in L2 odd and 3 at least.
TEST(Square, SidesFollowTheFraction) {
  EXPECT_EQ(square_side(Norm::linf, 0.8, 32, 32), 29);
  EXPECT_EQ(square_side(Norm::l2, 0.8, 32, 32), 29);
  EXPECT_EQ(square_side(Norm::linf, 0.4, 32, 32), 20);
  EXPECT_EQ(square_side(Norm::l2, 0.4, 32, 32), 21);
  EXPECT_EQ(square_side(Norm::linf, 0.8 / 512, 32, 32), 1);
  EXPECT_EQ(square_side(Norm::l2, 0.8 / 512, 32, 32), 3);
  EXPECT_EQ(square_side(Norm::linf, 1, 20, 32), 20);
}

}  // namespace
}  // namespace phosphene::golden
