#include "kernels/sign_step.hpp"

#include <algorithm>

#include "tests/kernels/kernel_test.hpp"

// x + step and the ends of the ball are each rounded once; clamping moves no further. The device
// has no product to contract: its bits agree.
namespace phosphene::kernels::testing {
namespace {

constexpr float kAlpha = 2.0F / 255, kEpsilon = 8.0F / 255;

struct Attack {
  explicit Attack(std::int64_t count)
      : x0(random_values<float>(count, 1, 0, 1)), x(x0), g(awkward_values<float>(count, 3)) {
    const std::vector<float> moved = random_values<float>(count, 2, -kEpsilon, kEpsilon);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::clamp(x0[i] + moved[i], 0.0F, 1.0F);
    for (std::size_t i = 6; i < x.size(); i += 97) x[i] = NAN;
  }
  std::vector<float> x0, x, g;
};

CPU_TEST(SignStep, follows_the_formula) {
  for (const std::int64_t count : kCounts) {
    const Attack attack(count);
    std::vector<float> x = attack.x;
    cpu::sign_step(x.data(), attack.x0.data(), attack.g.data(), kAlpha, kEpsilon, count);
    std::vector<double> expected;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double g = attack.g[i], x0 = attack.x0[i];
      const double step = g > 0 ? kAlpha : g < 0 ? -kAlpha : 0;
      const double stepped = attack.x[i] + step;
      expected.push_back(
          std::isnan(stepped)
              ? stepped
              : std::clamp(std::clamp(stepped, x0 - kEpsilon, x0 + kEpsilon), 0.0, 1.0));
    }
    expect_near(x, expected, [](std::size_t) { return 2 * 0x1p-24; });
  }
}

CPU_TEST(SignStep, moves_nothing_where_the_gradient_is_zero_or_nan) {
  const std::vector<float> x0 = {0.5F, 0.5F, 0.5F, 0.5F}, g = {NAN, 0.0F, -0.0F, -NAN};
  std::vector<float> x = x0;
  cpu::sign_step(x.data(), x0.data(), g.data(), kAlpha, kEpsilon, 4);
  expect_same(x, x0);
}

// Around an infinite pixel the ball lies at that infinity, and the box brings it back; around NaN
// there is no ball; a denormal is as good as 0.
const std::vector<float> kAwkwardClean = {INFINITY, -INFINITY, NAN, 1e-40F, -1e-40F};
const std::vector<float> kFromThem = {1, 0, 0.75F, kAlpha, kAlpha};

CPU_TEST(SignStep, takes_an_awkward_clean_image) {
  std::vector<float> x = {0.5F, 0.5F, 0.75F - kAlpha, 0, 0};
  const std::vector<float> up(5, 1.0F);
  cpu::sign_step(x.data(), kAwkwardClean.data(), up.data(), kAlpha, kEpsilon, 5);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(x[i], kFromThem[i], 0x1p-24) << i;
}

DEVICE_TEST(SignStep, takes_an_awkward_clean_image) {
  DeviceBuffer<float> x(std::vector<float>{0.5F, 0.5F, 0.75F - kAlpha, 0, 0}), x0(kAwkwardClean),
      g(std::vector<float>(5, 1.0F));
  cuda::sign_step(nullptr, x.data(), x0.data(), g.data(), kAlpha, kEpsilon, 5);
  const std::vector<float> moved = x.host();
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(moved[i], kFromThem[i], 0x1p-24) << i;
}

DEVICE_TEST(SignStep, agrees_with_the_cpu) {
  for (const std::int64_t count : kCounts) {
    for (const std::size_t offset : kOffsets) {
      const Attack attack(count);
      std::vector<float> expected = attack.x;
      cpu::sign_step(expected.data(), attack.x0.data(), attack.g.data(), kAlpha, kEpsilon, count);
      DeviceBuffer<float> x(attack.x, offset), x0(attack.x0, offset), g(attack.g, offset);
      cuda::sign_step(nullptr, x.data(), x0.data(), g.data(), kAlpha, kEpsilon, count);
      expect_same(x.host(), expected);
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
