#include "kernels/adam.hpp"

#include <algorithm>
#include <iterator>

#include "tests/kernels/kernel_test.hpp"

// With u = 2^-24: a step's m and v are off by some 4 u of their largest terms and their ratio,
// which is at most about 1, by 16 u a step taken so far; x is rounded once a step.
namespace phosphene::kernels::testing {
namespace {

constexpr int kSteps = 5;
constexpr AdamParams kParams{0.02F};

double tolerance(double x) {
  return kSteps * 0x1p-24 * (16 * kSteps * double{kParams.rate} + std::abs(x) + kParams.rate);
}

// Some gradients vanish, some are as small as eps, a few are no numbers, denormal or negative zero.
std::vector<float> gradient(std::int64_t count, int step) {
  std::vector<float> g = random_values<float>(count, static_cast<unsigned>(20 + step));
  for (std::size_t i = 2; i < g.size(); i += 7) g[i] = 0;
  for (std::size_t i = 3; i < g.size(); i += 11) g[i] *= 1e-8F;
  const float awkward[] = {NAN, INFINITY, -INFINITY, 1e-40F, -0.0F};
  if (g.size() > 105) std::copy(std::begin(awkward), std::end(awkward), g.begin() + 100);
  return g;
}

struct State {
  State(std::int64_t count, int t_)
      : x(random_values<float>(count, 1)), m(x.size(), 0), v(x.size(), 0), t(t_) {}
  std::vector<float> x, m, v;
  std::int32_t t;
  void step(const std::vector<float>& g) {
    cpu::adam(x.data(), g.data(), m.data(), v.data(), &t, static_cast<std::int64_t>(x.size()),
              kParams);
  }
};

constexpr int kStarts[] = {0, 1000000};  // from the first step on, and where both b^t are 0

CPU_TEST(Adam, follows_the_formula) {
  for (const std::int64_t count : kCounts) {
    for (const int start : kStarts) {
      State state(count, start);
      std::vector<double> x(state.x.begin(), state.x.end()), m(x.size(), 0), v(x.size(), 0);
      for (int k = 1; k <= kSteps; ++k) {
        const std::vector<float> g = gradient(count, k);
        state.step(g);
        const double fill_m = 1 - std::pow(kParams.b1, start + k);
        const double fill_v = 1 - std::pow(kParams.b2, start + k);
        for (std::size_t i = 0; i < x.size(); ++i) {
          m[i] = kParams.b1 * m[i] + (1 - kParams.b1) * g[i];
          v[i] = kParams.b2 * v[i] + (1 - kParams.b2) * g[i] * g[i];
          x[i] -= kParams.rate * (m[i] / fill_m) / (std::sqrt(v[i] / fill_v) + kParams.eps);
        }
      }
      if (count > 0) {
        EXPECT_EQ(state.t, start + kSteps);
      }
      expect_near(state.x, x, [&](std::size_t i) { return tolerance(x[i]); });
    }
  }
}

DEVICE_TEST(Adam, agrees_with_the_cpu) {
  for (const std::int64_t count : {0, 1, 2, 31, 32, 33, 257, 5003}) {
    for (const int start : kStarts) {
      const std::size_t offset = start == 0 ? 0 : 1;
      State expected(count, start);
      DeviceBuffer<float> x(expected.x, offset), m(expected.m, offset), v(expected.v, offset);
      DeviceBuffer<std::int32_t> t({expected.t});
      for (int k = 1; k <= kSteps; ++k) {
        const std::vector<float> g = gradient(count, k);
        expected.step(g);
        DeviceBuffer<float> in(g, offset);
        cuda::adam(nullptr, x.data(), in.data(), m.data(), v.data(), t.data(), count, kParams);
      }
      expect_near(x.host(), expected.x,
                  [&](std::size_t i) { return 2 * tolerance(expected.x[i]); });
      // |g| <= 1, so m and v are at most 1 and off by a few u a step.
      expect_near(m.host(), expected.m, [](std::size_t) { return kSteps * 4 * 0x1p-24; });
      expect_near(v.host(), expected.v, [](std::size_t) { return kSteps * 4 * 0x1p-24; });
      if (count > 0) {
        EXPECT_EQ(t.host()[0], start + kSteps);
      }
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
