#include "kernels/sign_step.hpp"

#include <algorithm>

#include "tests/kernels/kernel_test.hpp"

// x + step, the radius and the ends of the ball are each rounded once; clamping moves no further.
// The device may contract the product with the mask into the ends: within one rounding of them.
namespace phosphene::kernels::testing {
namespace {

constexpr std::int64_t kImages = 3;
constexpr double kRounding = 3 * 0x1p-24;

struct Attack {
  explicit Attack(std::int64_t count_)
      : count(count_),
        x0(random_values<float>(kImages * count, 1, 0, 1)),
        x(x0),
        g(awkward_values<float>(kImages * count, 3)),
        mask(random_values<float>(count, 4, 0, 1)) {
    const std::vector<float> moved = random_values<float>(kImages * count, 2, -0.03F, 0.03F);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::clamp(x0[i] + moved[i], 0.0F, 1.0F);
    for (std::size_t i = 6; i < x.size(); i += 97) x[i] = NAN;
    for (std::size_t i = 0; i < mask.size(); i += 3) mask[i] = 0;
  }
  std::int64_t count;
  std::vector<float> x0, x, g, mask;
  std::vector<float> alpha = {2.0F / 255, 0, 1.0F / 255}, epsilon = {8.0F / 255, 4.0F / 255, 0};

  std::vector<double> naive(bool step, bool masked) const {
    std::vector<double> y;
    for (std::size_t k = 0; k < x.size(); ++k) {
      const auto each = static_cast<std::size_t>(count), i = k / each;
      const double slope = g[k], clean = x0[k];
      const double a = !step ? 0 : slope > 0 ? alpha[i] : slope < 0 ? -alpha[i] : 0;
      const double radius = epsilon[i] * (masked ? mask[k % each] : 1), moved = x[k] + a;
      y.push_back(std::isnan(moved)
                      ? moved
                      : std::clamp(std::clamp(moved, clean - radius, clean + radius), 0.0, 1.0));
    }
    return y;
  }
};

CPU_TEST(SignStep, follows_the_formula) {
  for (const std::int64_t count : kCounts) {
    const Attack attack(count);
    for (const bool step : {true, false}) {
      for (const bool masked : {true, false}) {
        std::vector<float> x = attack.x;
        const ImageMask mask{masked ? attack.mask.data() : nullptr, 0, count, count};
        cpu::sign_step(x.data(), attack.x0.data(), step ? attack.g.data() : nullptr,
                       attack.alpha.data(), attack.epsilon.data(), count > 0 ? mask : ImageMask{},
                       kImages, count);
        expect_near(x, attack.naive(step, masked), [](std::size_t) { return kRounding; });
      }
    }
  }
}

// A mask of one plane serves all channels; one with channels and images of its own is read so.
CPU_TEST(SignStep, reads_masks_of_every_shape) {
  const float x0[8] = {}, g[8] = {1, 1, 1, 1, 1, 1, 1, 1}, one = 1, number[2] = {1, 1};
  const float values[8] = {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F, 0.7F, 0.8F};
  const auto stepped = [&](ImageMask mask) {
    std::vector<float> x(8);
    cpu::sign_step(x.data(), x0, g, number, number, mask, 2,
                   4);  // two images of 2 channels, 2 pixels
    return x;
  };
  expect_same(stepped({values, 0, 0, 2}),
              std::vector<float>{0.1F, 0.2F, 0.1F, 0.2F, 0.1F, 0.2F, 0.1F, 0.2F});
  expect_same(stepped({values, 0, 2, 2}),
              std::vector<float>{0.1F, 0.2F, 0.3F, 0.4F, 0.1F, 0.2F, 0.3F, 0.4F});
  expect_same(stepped({values, 2, 0, 2}),
              std::vector<float>{0.1F, 0.2F, 0.1F, 0.2F, 0.3F, 0.4F, 0.3F, 0.4F});
  expect_same(stepped({values, 4, 2, 2}), std::vector<float>(values, values + 8));
  expect_same(stepped({&one, 0, 0, 1}), std::vector<float>(8, 1));
}

CPU_TEST(SignStep, moves_nothing_where_the_gradient_is_zero_or_nan) {
  const std::vector<float> x0 = {0.5F, 0.5F, 0.5F, 0.5F}, g = {NAN, 0.0F, -0.0F, -NAN};
  const float alpha = 0.1F, epsilon = 0.2F;
  std::vector<float> x = x0;
  cpu::sign_step(x.data(), x0.data(), g.data(), &alpha, &epsilon, {}, 1, 4);
  expect_same(x, x0);
}

// Around an infinite pixel the ball lies at that infinity, and the box brings it back; around NaN
// there is no ball; a denormal is as good as 0.
constexpr float kAlpha = 2.0F / 255, kEpsilon = 8.0F / 255;
const std::vector<float> kAwkwardClean = {INFINITY, -INFINITY, NAN, 1e-40F, -1e-40F};
const std::vector<float> kFromThem = {1, 0, 0.75F, kAlpha, kAlpha};

CPU_TEST(SignStep, takes_an_awkward_clean_image) {
  std::vector<float> x = {0.5F, 0.5F, 0.75F - kAlpha, 0, 0};
  const std::vector<float> up(5, 1.0F);
  cpu::sign_step(x.data(), kAwkwardClean.data(), up.data(), &kAlpha, &kEpsilon, {}, 1, 5);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(x[i], kFromThem[i], 0x1p-24) << i;
}

DEVICE_TEST(SignStep, takes_an_awkward_clean_image) {
  DeviceBuffer<float> x(std::vector<float>{0.5F, 0.5F, 0.75F - kAlpha, 0, 0}), x0(kAwkwardClean),
      g(std::vector<float>(5, 1.0F)), alpha(std::vector<float>{kAlpha}),
      epsilon(std::vector<float>{kEpsilon});
  cuda::sign_step(nullptr, x.data(), x0.data(), g.data(), alpha.data(), epsilon.data(), {}, 1, 5);
  const std::vector<float> moved = x.host();
  for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(moved[i], kFromThem[i], 0x1p-24) << i;
}

DEVICE_TEST(SignStep, agrees_with_the_cpu) {
  for (const std::int64_t count : kCounts) {
    if (count > 5003) continue;
    for (const std::size_t offset : kOffsets) {
      const Attack attack(count);
      DeviceBuffer<float> x0(attack.x0, offset), g(attack.g, offset), mask(attack.mask, offset),
          alpha(attack.alpha, offset), epsilon(attack.epsilon, offset);
      for (const bool step : {true, false}) {
        for (const bool masked : {true, false}) {
          std::vector<float> expected = attack.x;
          DeviceBuffer<float> x(attack.x, offset);
          if (count == 0) continue;
          const ImageMask on_host{masked ? attack.mask.data() : nullptr, 0, count, count};
          const ImageMask on_device{masked ? mask.data() : nullptr, 0, count, count};
          cpu::sign_step(expected.data(), attack.x0.data(), step ? attack.g.data() : nullptr,
                         attack.alpha.data(), attack.epsilon.data(), on_host, kImages, count);
          cuda::sign_step(nullptr, x.data(), x0.data(), step ? g.data() : nullptr, alpha.data(),
                          epsilon.data(), on_device, kImages, count);
          expect_near(x.host(), expected, [](std::size_t) { return kRounding; });
        }
      }
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
