#include "kernels/l2_step.hpp"

#include <algorithm>

#include "tests/kernels/kernel_test.hpp"

// A length is a sum of `count` squares, of which a thread adds count / 512 in a row, so that it is
// off by r = (count / 512 + 16) u, relatively; a step or a displacement inherits that, and the
// element itself is rounded 4 times.
namespace phosphene::kernels::testing {
namespace {

constexpr std::int64_t kImages = 4;

struct Attack {
  explicit Attack(std::int64_t count_)
      : count(count_),
        x0(random_values<float>(kImages * count, 1, 0, 1)),
        x(x0),
        g(random_values<float>(kImages * count, 3)),
        mask(random_values<float>(count, 4, 0.1F, 1)) {
    const std::vector<float> moved = random_values<float>(kImages * count, 2, -0.02F, 0.02F);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::clamp(x0[i] + moved[i], 0.0F, 1.0F);
    for (std::size_t i = 0; i < mask.size(); i += 3) mask[i] = 0;
    // The second image has no gradient, the fourth an infinite one.
    const auto each = static_cast<std::size_t>(count);
    for (std::size_t k = each; k < 2 * each; ++k) g[k] = 0;
    for (std::size_t k = 3 * each; k < 4 * each; k += 7) g[k] = INFINITY;
  }
  std::int64_t count;
  std::vector<float> x0, x, g, mask;
  std::vector<float> alpha = {0.05F, 1, 0.01F, 1}, epsilon = {0.02F, 0.01F, 10, 0};

  std::vector<double> naive(bool step, bool masked) const {
    std::vector<double> y;
    const auto each = static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < kImages; ++i) {
      const auto kept = [&](std::size_t k) { return !masked || mask[k] != 0; };
      double length = 0, distance = 0;
      for (std::size_t k = 0; k < each; ++k) {
        if (kept(k)) length += double{g[i * each + k]} * double{g[i * each + k]};
      }
      length = std::sqrt(length);
      const double along = step && length > 0 && std::isfinite(length) ? alpha[i] / length : 0;
      std::vector<double> d(each);
      for (std::size_t k = 0; k < each; ++k) {
        const std::size_t at = i * each + k;
        d[k] = kept(k) ? double{x[at]} + (along != 0 ? along * g[at] : 0) - double{x0[at]} : 0;
        distance += d[k] * d[k];
      }
      distance = std::sqrt(distance);
      for (std::size_t k = 0; k < each; ++k) {
        const double shrink = distance > epsilon[i] ? epsilon[i] / distance : 1;
        y.push_back(std::clamp(x0[i * each + k] + shrink * d[k], 0.0, 1.0));
      }
    }
    return y;
  }
  double tolerance() const {
    return (static_cast<double>(count) / 512 + 24) * 0x1p-24 * 1.1;  // displacements are below 1.1
  }
};

CPU_TEST(L2Step, follows_the_formula) {
  for (const std::int64_t count : kCounts) {
    const Attack a(count);
    for (const bool step : {true, false}) {
      for (const bool masked : {true, false}) {
        std::vector<float> x = a.x;
        const ImageMask mask{masked && count > 0 ? a.mask.data() : nullptr, 0, count, count};
        cpu::l2_step(x.data(), a.x0.data(), step ? a.g.data() : nullptr, a.alpha.data(),
                     a.epsilon.data(), mask, kImages, count);
        expect_near(x, a.naive(step, masked && count > 0),
                    [&](std::size_t) { return a.tolerance(); });
      }
    }
  }
}

// What lies in the ball is not touched by projecting it: not a bit.
CPU_TEST(L2Step, leaves_alone_what_lies_inside) {
  const std::vector<float> x0 = {0.3F, 0.7F, 0.1F}, x = {0.31F, 0.69F, 0.123F};
  std::vector<float> y = x;
  const float epsilon = 0.1F;
  cpu::l2_step(y.data(), x0.data(), nullptr, nullptr, &epsilon, {}, 1, 3);
  expect_same(y, x);
}

CPU_TEST(L2Step, a_poisoned_image_stays_poisoned) {
  std::vector<float> y = {NAN, 0.5F};
  const float x0[] = {0.5F, 0.5F}, g[] = {1, 0}, one = 1;
  cpu::l2_step(y.data(), x0, g, &one, &one, {}, 1, 2);
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], 0.5F);
}

DEVICE_TEST(L2Step, agrees_with_the_cpu) {
  for (const std::int64_t count : kCounts) {
    if (count > 1021 || count == 0) continue;  // two rounds of the block
    for (const std::size_t offset : kOffsets) {
      const Attack a(count);
      DeviceBuffer<float> x0(a.x0, offset), g(a.g, offset), alpha(a.alpha), epsilon(a.epsilon),
          mask(a.mask, offset);
      for (const bool step : {true, false}) {
        for (const bool masked : {true, false}) {
          std::vector<float> expected = a.x;
          DeviceBuffer<float> x(a.x, offset);
          cpu::l2_step(expected.data(), a.x0.data(), step ? a.g.data() : nullptr, a.alpha.data(),
                       a.epsilon.data(), {masked ? a.mask.data() : nullptr, 0, count, count},
                       kImages, count);
          cuda::l2_step(nullptr, x.data(), x0.data(), step ? g.data() : nullptr, alpha.data(),
                        epsilon.data(), {masked ? mask.data() : nullptr, 0, count, count}, kImages,
                        count);
          expect_near(x.host(), expected, [&](std::size_t) { return 2 * a.tolerance(); });
        }
      }
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
