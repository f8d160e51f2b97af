#include "kernels/linf_penalty.hpp"

#include <algorithm>

#include "tests/kernels/kernel_test.hpp"

// The distances are compared as floats, so that the same elements share on both sides; lambda / m
// and the subtraction are rounded once each.
namespace phosphene::kernels::testing {
namespace {

constexpr std::int64_t kImages = 4;
constexpr float kLambda = 2.5F;
const std::vector<float> kSlack = {0, 0.01F, 10, 0};

struct Case {
  explicit Case(std::int64_t count_)
      : count(count_),
        x0(random_values<float>(kImages * count, 1, 0, 1)),
        x(random_values<float>(kImages * count, 2, 0, 1)),
        d_x(random_values<float>(kImages * count, 3)) {
    const auto each = static_cast<std::size_t>(count);
    for (std::size_t k = 0; k < each; ++k) x[3 * each + k] = x0[3 * each + k];  // has not moved
    for (std::size_t k = 2 * each; k < 3 * each; k += 3) x[k] = x0[k];
  }
  std::int64_t count;
  std::vector<float> x0, x, d_x;

  std::vector<double> naive() const {
    std::vector<double> y(d_x.begin(), d_x.end());
    const auto each = static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < kImages; ++i) {
      float largest = 0;
      for (std::size_t k = i * each; k < (i + 1) * each; ++k) {
        largest = std::max(largest, std::abs(x[k] - x0[k]));
      }
      std::vector<std::size_t> sharers;
      for (std::size_t k = i * each; k < (i + 1) * each; ++k) {
        const float d = std::abs(x[k] - x0[k]);
        if (d > 0 && d >= largest - kSlack[i]) sharers.push_back(k);
      }
      for (const std::size_t k : sharers) {
        y[k] -= std::copysign(double{kLambda} / static_cast<double>(sharers.size()), x[k] - x0[k]);
      }
    }
    return y;
  }
};

const auto kBound = [](std::size_t) { return 8 * 0x1p-24; };

CPU_TEST(LinfPenalty, follows_the_formula) {
  for (const std::int64_t count : kCounts) {
    const Case c(count);
    std::vector<float> d_x = c.d_x;
    cpu::linf_penalty(c.x.data(), c.x0.data(), kLambda, kSlack.data(), d_x.data(), kImages, count);
    expect_near(d_x, c.naive(), kBound);
  }
}

// Moving along -d_x by little changes lambda |x - x0|_inf as its directional derivative says: for
// a subgradient s of a convex f, f(y) >= f(x) + s . (y - x) everywhere.
CPU_TEST(LinfPenalty, is_a_subgradient) {
  const std::int64_t count = 64;
  std::vector<float> x0 = random_values<float>(count, 1, 0, 1), x = x0, slope(64), slack = {0};
  for (std::size_t k = 0; k < 64; ++k) x[k] = k % 4 == 0 ? x0[k] + 0.25F : x0[k] - 0.125F;
  cpu::linf_penalty(x.data(), x0.data(), 1, slack.data(), slope.data(), 1, count);
  for (unsigned seed = 10; seed < 60; ++seed) {
    const std::vector<float> y = random_values<float>(count, seed, -0.5F, 1.5F);
    double norm_x = 0, norm_y = 0, along = 0;
    for (std::size_t k = 0; k < 64; ++k) {
      norm_x = std::max(norm_x, std::abs(double{x[k]} - x0[k]));
      norm_y = std::max(norm_y, std::abs(double{y[k]} - x0[k]));
      along -= slope[k] * (double{y[k]} - x[k]);
    }
    EXPECT_GE(norm_y, norm_x + along - 1e-6);
  }
}

CPU_TEST(LinfPenalty, leaves_a_poisoned_image_alone) {
  const float x0[] = {0.5F, 0.5F}, x[] = {NAN, 0.75F}, slack = 0;
  std::vector<float> d_x = {1, 2};
  cpu::linf_penalty(x, x0, kLambda, &slack, d_x.data(), 1, 2);
  expect_same(d_x, std::vector<float>{1, 2});
}

DEVICE_TEST(LinfPenalty, agrees_with_the_cpu) {
  for (const std::int64_t count : kCounts) {
    if (count > 1021) continue;  // two rounds of the block
    for (const std::size_t offset : kOffsets) {
      Case c(count);
      if (count > 100) c.x[5] = NAN;
      DeviceBuffer<float> x(c.x, offset), x0(c.x0, offset), d_x(c.d_x, offset), slack(kSlack);
      std::vector<float> expected = c.d_x;
      cpu::linf_penalty(c.x.data(), c.x0.data(), kLambda, kSlack.data(), expected.data(), kImages,
                        count);
      cuda::linf_penalty(nullptr, x.data(), x0.data(), kLambda, slack.data(), d_x.data(), kImages,
                         count);
      expect_near(d_x.host(), expected, kBound);
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
