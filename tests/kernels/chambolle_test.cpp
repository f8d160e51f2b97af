#include "kernels/chambolle.hpp"

#include <utility>

#include "tests/kernels/kernel_test.hpp"

// One step is about 20 roundings of numbers no larger than 4 + 2 |x| / weight, divided by at least
// 1; the map is Lipschitz with a constant near 1, so that after k steps k such errors have met.
namespace phosphene::kernels::testing {
namespace {

struct Case {
  std::int64_t planes, h, w;
};
const std::vector<Case> kCases = {{0, 3, 3}, {1, 0, 3}, {1, 1, 1},
                                  {2, 1, 7}, {3, 6, 5}, {2, 31, 33}};
constexpr float kWeight = 0.2F;
constexpr double kStepError = 20 * (4 + 2 / 0.2) * 0x1p-24;

std::vector<float> denoised(const std::vector<float>& x, float weight, int steps, const Case& c) {
  std::vector<float> p(2 * x.size()), next(2 * x.size()), u(x.size());
  for (int k = 0; k < steps; ++k) {
    cpu::chambolle_step(x.data(), p.data(), weight, next.data(), c.planes, c.h, c.w);
    std::swap(p, next);
  }
  cpu::chambolle_result(x.data(), p.data(), weight, u.data(), c.planes, c.h, c.w);
  return u;
}

/// Chambolle's scheme with whole arrays, one plane at a time.
std::vector<double> naive(const float* x, double weight, int steps, std::int64_t h,
                          std::int64_t w) {
  const auto size = static_cast<std::size_t>(h * w);
  const auto at = [w](std::int64_t i, std::int64_t j) {
    return static_cast<std::size_t>(i * w + j);
  };
  std::vector<double> p1(size), p2(size), q(size);
  for (int k = 0; k <= steps; ++k) {
    for (std::int64_t i = 0; i < h; ++i) {
      for (std::int64_t j = 0; j < w; ++j) {
        // The last row of p1 and the last column of p2 stay 0: a gradient past the border is 0.
        const double up = i > 0 ? p1[at(i - 1, j)] : 0, left = j > 0 ? p2[at(i, j - 1)] : 0;
        q[at(i, j)] = p1[at(i, j)] - up + p2[at(i, j)] - left - x[at(i, j)] / weight;
      }
    }
    if (k == steps) break;
    for (std::int64_t i = 0; i < h; ++i) {
      for (std::int64_t j = 0; j < w; ++j) {
        const double down = i + 1 < h ? q[at(i + 1, j)] - q[at(i, j)] : 0;
        const double right = j + 1 < w ? q[at(i, j + 1)] - q[at(i, j)] : 0;
        const double divisor = 1 + std::hypot(down, right) / 4;
        p1[at(i, j)] = (p1[at(i, j)] + down / 4) / divisor;
        p2[at(i, j)] = (p2[at(i, j)] + right / 4) / divisor;
      }
    }
  }
  std::vector<double> u(size);  // x - weight div p, of q = div p - x / weight
  for (std::size_t i = 0; i < size; ++i) u[i] = -weight * q[i];
  return u;
}

CPU_TEST(Chambolle, follows_the_formula) {
  constexpr int kSteps = 7;
  for (const Case& c : kCases) {
    const std::vector<float> x = random_values<float>(c.planes * c.h * c.w, 1);
    std::vector<double> expected;
    for (std::int64_t p = 0; p < c.planes; ++p) {
      const auto u = naive(x.data() + p * c.h * c.w, kWeight, kSteps, c.h, c.w);
      expected.insert(expected.end(), u.begin(), u.end());
    }
    expect_near(denoised(x, kWeight, kSteps, c), expected,
                [](std::size_t) { return kSteps * 4 * kWeight * kStepError; });
  }
}

// Between two flat halves of n pixels across, the minimiser is known: each moves by weight / n
// towards the other, since that is the price of a step of height 1.
CPU_TEST(Chambolle, lowers_a_step_by_weight_over_width) {
  const Case c{1, 6, 10};
  std::vector<float> x(60), expected(60);
  for (std::size_t i = 0; i < 60; ++i) {
    x[i] = i % 10 < 5 ? 0.0F : 1.0F;
    expected[i] = i % 10 < 5 ? kWeight / 5 : 1 - kWeight / 5;
  }
  expect_near(denoised(x, kWeight, 3000, c), expected, [](std::size_t) { return 1e-4; });
}

// A weight that no step is worth leaves the mean, which no weight changes.
CPU_TEST(Chambolle, ends_in_the_mean) {
  const Case c{1, 4, 4};
  const std::vector<float> x = random_values<float>(16, 3);
  double mean = 0;
  for (const float v : x) mean += v / 16.0;
  expect_near(denoised(x, 100, 20000, c), std::vector<double>(16, mean),
              [](std::size_t) { return 1e-3; });
}

DEVICE_TEST(Chambolle, agrees_with_the_cpu) {
  for (const Case& c : kCases) {
    const std::vector<float> x = random_values<float>(c.planes * c.h * c.w, 1),
                             p = random_values<float>(2 * c.planes * c.h * c.w, 2, -0.7F, 0.7F);
    std::vector<float> next(p.size()), u(x.size());
    cpu::chambolle_step(x.data(), p.data(), kWeight, next.data(), c.planes, c.h, c.w);
    cpu::chambolle_result(x.data(), p.data(), kWeight, u.data(), c.planes, c.h, c.w);
    DeviceBuffer<float> in(x, 1), field(p);
    auto stepped = DeviceBuffer<float>::unwritten(p.size()),
         out = DeviceBuffer<float>::unwritten(x.size());
    cuda::chambolle_step(nullptr, in.data(), field.data(), kWeight, stepped.data(), c.planes, c.h,
                         c.w);
    cuda::chambolle_result(nullptr, in.data(), field.data(), kWeight, out.data(), c.planes, c.h,
                           c.w);
    expect_near(stepped.host(), next, [](std::size_t) { return kStepError; });
    expect_near(out.host(), u, [](std::size_t) { return kStepError; });
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
