#include "kernels/lbfgs.hpp"

#include <algorithm>
#include <deque>

#include "tests/kernels/kernel_test.hpp"

namespace phosphene::kernels::testing {
namespace {

using Vector = std::vector<float>;
using Precise = std::vector<double>;

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

// The memory of one optimiser on the CPU. What is not `state` starts as NaN.
struct Host {
  Host(std::int64_t capacity_, std::int64_t count)
      : capacity(capacity_),
        pairs(size(2 * capacity * count), NAN),
        previous_g(size(count), NAN),
        direction(size(count), NAN),
        state(size(lbfgs_state(capacity)), 0),
        scratch(size(lbfgs_scratch(capacity)), NAN) {}

  void step(Vector& x, const Vector& g, float rate) {
    const LbfgsBuffers buffers{pairs.data(), previous_g.data(), direction.data(), state.data(),
                               scratch.data()};
    cpu::lbfgs(x.data(), g.data(), buffers, capacity, static_cast<std::int64_t>(x.size()), rate);
  }

  std::int64_t capacity;
  Vector pairs, previous_g, direction;
  Precise state, scratch;
};

double dot(const Precise& a, const Precise& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// The algorithm as it is printed: vectors, two loops, no matrix of dot products.
class TwoLoop {
 public:
  explicit TwoLoop(std::int64_t capacity) : capacity_(size(capacity)) {}

  // The step from a gradient; s and y are the newest pair, as the floats that made it.
  Precise step(const Vector& g, const Vector& s, const Vector& y, double rate) {
    Precise r(g.begin(), g.end());
    if (!started_) {
      double norm = 0;
      for (const double v : r) norm += std::abs(v);
      started_ = norm > 0;
      for (double& v : r) v *= -std::min(1.0, 1 / norm) * rate;
      return r;
    }
    Pair pair{{s.begin(), s.end()}, {y.begin(), y.end()}};
    if (dot(pair.s, pair.y) > 1e-10) {
      pairs_.push_back(pair);
      if (pairs_.size() > capacity_) pairs_.pop_front();
    }
    Precise alpha(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      alpha[i] = dot(pairs_[i].s, r) / dot(pairs_[i].s, pairs_[i].y);
      for (std::size_t k = 0; k < r.size(); ++k) r[k] -= alpha[i] * pairs_[i].y[k];
    }
    if (!pairs_.empty()) {
      const Pair& last = pairs_.back();
      for (double& v : r) v *= dot(last.s, last.y) / dot(last.y, last.y);
    }
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      const double beta = dot(pairs_[i].y, r) / dot(pairs_[i].s, pairs_[i].y);
      for (std::size_t k = 0; k < r.size(); ++k) r[k] += (alpha[i] - beta) * pairs_[i].s[k];
    }
    for (double& v : r) v *= -rate;
    return r;
  }
  std::size_t pairs() const { return pairs_.size(); }

 private:
  struct Pair {
    Precise s, y;
  };
  std::size_t capacity_;
  std::deque<Pair> pairs_;
  bool started_ = false;
};

// A quadratic whose curvatures span four decades, around 1.
Vector quadratic_gradient(const Vector& x) {
  Vector g(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double decades =
        x.size() > 1 ? 4.0 * static_cast<double>(i) / static_cast<double>(x.size() - 1) : 0.0;
    g[i] = static_cast<float>(std::pow(10, decades) * (double{x[i]} - 1));
  }
  return g;
}

// The gradient of step k: every fifth is such that y.s < 0, a pair to be refused, and two are 0.
Vector gradient(const Vector& x, const Host& host, int k) {
  if (k == 0 || k == 8) return Vector(x.size(), 0);
  Vector g = quadratic_gradient(x);
  if (k % 5 == 3) {
    for (std::size_t i = 0; i < g.size(); ++i) g[i] = host.previous_g[i] - host.direction[i];
  }
  return g;
}

struct Sizes {
  std::int64_t capacity, count;
};
const std::vector<Sizes> kSizes = {{1, 1},  {1, 33}, {2, 2},    {3, 31},   {4, 32},
                                   {5, 33}, {9, 67}, {5, 1021}, {7, 2049}, {3, 5003}};

// Both are given the same float vectors at every step. The scalars differ by double roundoff,
// which the recursion may amplify by the spread of the curvatures, 1e4, a few times over; then the
// direction is rounded to float.
std::function<double(std::size_t)> step_tolerance(const Precise& expected) {
  double largest = 0;
  for (const double v : expected) largest = std::max(largest, std::abs(v));
  return [=, &expected](std::size_t i) { return 0x1p-24 * std::abs(expected[i]) + 1e-9 * largest; };
}

CPU_TEST(Lbfgs, follows_the_two_loop_recursion) {
  const float rate = 0.5F;
  for (const auto& [capacity, count] : kSizes) {
    SCOPED_TRACE(capacity);
    SCOPED_TRACE(count);
    Host host(capacity, count);
    TwoLoop naive(capacity);
    Vector x = random_values<float>(count, 1);
    for (int k = 0; k < 3 * capacity + 10; ++k) {
      SCOPED_TRACE(k);
      const Vector g = gradient(x, host, k), s = host.direction, before = x;
      Vector y(g.size());
      for (std::size_t i = 0; i < y.size(); ++i) y[i] = g[i] - host.previous_g[i];
      const Precise expected = naive.step(g, s, y, rate);
      host.step(x, g, rate);
      expect_near(host.direction, expected, step_tolerance(expected));
      ASSERT_EQ(host.state[0], static_cast<double>(naive.pairs()));
      expect_same(host.previous_g, g);
      Vector moved = before;
      for (std::size_t i = 0; i < x.size(); ++i) moved[i] += host.direction[i];
      expect_same(x, moved);
      if (::testing::Test::HasFailure()) return;
    }
    EXPECT_EQ(host.state[0], static_cast<double>(capacity)) << "the ring never filled";
  }
}

CPU_TEST(Lbfgs, takes_an_empty_vector) {
  Host host(3, 0);
  Vector x, g;
  host.step(x, g, 1);
}

double quadratic(const Vector& x) {
  const Vector g = quadratic_gradient(x);
  double loss = 0;
  for (std::size_t i = 0; i < x.size(); ++i) loss += 0.5 * g[i] * (double{x[i]} - 1);
  return loss;
}

// sum of 10 (x[i + 1] - x[i]^2)^2 + (1 - x[i])^2
double rosenbrock(const Vector& x) {
  double loss = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    const double a = x[i], u = x[i + 1] - a * a;
    loss += 10 * u * u + (1 - a) * (1 - a);
  }
  return loss;
}
Vector rosenbrock_gradient(const Vector& x) {
  Precise g(x.size(), 0);
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    const double a = x[i], u = x[i + 1] - a * a;
    g[i] += -40 * u * a - 2 * (1 - a);
    g[i + 1] += 20 * u;
  }
  return {g.begin(), g.end()};
}

struct Golden {
  int steps;
  double loss, float_distance;
};
struct Walk {
  const char* name;
  double (*loss)(const Vector&);
  Vector (*gradient)(const Vector&);
  std::size_t count;
  float rate;
  std::int64_t capacity;
  std::vector<Golden> goldens;
};

// torch.optim.LBFGS([x], lr=rate, max_iter=1, history_size=capacity, tolerance_grad=0,
// tolerance_change=0) in float64 from x[i] = (-1)^i / 2 + i / 10: its loss after so many steps.
// A trajectory amplifies rounding: `float_distance` is the largest relative distance until then
// of 20 runs of PyTorch in float32, from this start and from starts moved by at most a unit in the
// last place. Twice that is allowed.
const std::vector<Walk> kWalks = {{"quadratic",
                                   quadratic,
                                   quadratic_gradient,
                                   8,
                                   1,
                                   100,
                                   {{0, 3615.91719685, 1.2e-07},
                                    {1, 386.811928456, 1.8e-07},
                                    {2, 311.972643871, 2.5e-07},
                                    {5, 39.2810344697, 1.0e-06},
                                    {10, 19.718671948, 7.2e-06},
                                    {15, 3.2939430862, 1.5e-05},
                                    {20, 0.918879816579, 8.5e-04},
                                    {25, 0.260595369718, 2.5e-03},
                                    {30, 0.0461382927413, 6.4e-03}}},
                                  {"quadratic, short history",
                                   quadratic,
                                   quadratic_gradient,
                                   8,
                                   1,
                                   5,
                                   {{0, 3615.91719685, 1.2e-07},
                                    {1, 386.811928456, 1.8e-07},
                                    {2, 311.972643871, 2.5e-07},
                                    {5, 39.2810344697, 1.0e-06},
                                    {10, 18.4780960054, 1.2e-05},
                                    {15, 4.45210198485, 7.6e-05},
                                    {20, 3.162385018, 7.6e-05},
                                    {25, 1.79918061317, 1.1e-02},
                                    {30, 0.934850700586, 1.9e-02}}},
                                  {"rosenbrock",
                                   rosenbrock,
                                   rosenbrock_gradient,
                                   6,
                                   1,
                                   100,
                                   {{0, 29.609, 3.0e-07},
                                    {1, 11.3771685606, 3.0e-07},
                                    {2, 6.82072576133, 3.0e-07},
                                    {5, 3.63136896151, 3.0e-07},
                                    {10, 3.42736626406, 1.2e-03},
                                    {15, 3.15251384242, 1.2e-03},
                                    {20, 2.84514900084, 1.2e-03},
                                    {25, 2.49558250416, 1.2e-03},
                                    {30, 2.11189529726, 1.2e-03}}},
                                  {"rosenbrock, short history",
                                   rosenbrock,
                                   rosenbrock_gradient,
                                   6,
                                   0.5F,
                                   5,
                                   {{0, 29.609, 3.0e-07},
                                    {1, 18.0000086404, 3.0e-07},
                                    {2, 11.8994132439, 3.0e-07},
                                    {5, 4.2253003807, 3.0e-07},
                                    {10, 2.60646700918, 3.0e-07},
                                    {15, 0.563250588245, 6.4e-06},
                                    {20, 0.062859048694, 1.6e-05},
                                    {25, 0.000839638540842, 8.5e-04},
                                    {30, 6.16983062625e-06, 5.0e-03}}}};

CPU_TEST(Lbfgs, walks_as_pytorch_does) {
  for (const Walk& walk : kWalks) {
    SCOPED_TRACE(walk.name);
    Host host(walk.capacity, static_cast<std::int64_t>(walk.count));
    Vector x;
    for (std::size_t i = 0; i < walk.count; ++i) {
      x.push_back(static_cast<float>((i % 2 == 0 ? 0.5 : -0.5) + 0.1 * static_cast<double>(i)));
    }
    int steps = 0;
    for (const Golden& golden : walk.goldens) {
      for (; steps < golden.steps; ++steps) host.step(x, walk.gradient(x), walk.rate);
      EXPECT_NEAR(walk.loss(x), golden.loss, 2 * golden.float_distance * golden.loss)
          << "after " << steps << " steps";
    }
  }
}

DEVICE_TEST(Lbfgs, takes_an_empty_vector) {
  const Host host(3, 0);
  DeviceBuffer<float> x(Vector{}), g(Vector{}), pairs(host.pairs), previous_g(Vector{}),
      direction(Vector{});
  DeviceBuffer<double> state(host.state), scratch(host.scratch);
  cuda::lbfgs(nullptr, x.data(), g.data(),
              {pairs.data(), previous_g.data(), direction.data(), state.data(), scratch.data()}, 3,
              0, 1);
  EXPECT_EQ(state.host(), host.state);
}

// Each keeps its own state; they differ by the order of double sums and so, rarely, by the last
// bit of a float, which the next steps amplify by the spread of the curvatures.
DEVICE_TEST(Lbfgs, agrees_with_the_cpu) {
  const float rate = 0.5F;
  for (const auto& [capacity, count] : kSizes) {
    SCOPED_TRACE(capacity);
    SCOPED_TRACE(count);
    Host host(capacity, count);
    Vector x = random_values<float>(count, 1);
    DeviceBuffer<float> device_x(x), pairs(host.pairs), previous_g(host.previous_g),
        direction(host.direction);
    DeviceBuffer<double> state(host.state), scratch(host.scratch);
    const LbfgsBuffers buffers{pairs.data(), previous_g.data(), direction.data(), state.data(),
                               scratch.data()};
    for (int k = 0; k < 2 * capacity + 10; ++k) {
      SCOPED_TRACE(k);
      const Vector g = gradient(x, host, k);
      DeviceBuffer<float> in(g);
      host.step(x, g, rate);
      cuda::lbfgs(nullptr, device_x.data(), in.data(), buffers, capacity, count, rate);
      float largest = 0;
      for (const float v : host.direction) largest = std::max(largest, std::abs(v));
      const auto tolerance = [&](std::size_t) { return 1e-5 * largest; };
      expect_near(direction.host(), host.direction, tolerance);
      expect_same(previous_g.host(), g);
      const Precise mine = state.host();
      for (std::size_t i = 0; i < 4; ++i) ASSERT_EQ(mine[i], host.state[i]) << "state " << i;
      if (::testing::Test::HasFailure()) return;
    }
    const Vector walked = device_x.host();
    expect_near(walked, x, [&](std::size_t) { return 1e-5 * (1 + std::abs(walked[0])); });
  }
}

// A device that starts from the CPU's state must take the CPU's step to the last bit but one.
DEVICE_TEST(Lbfgs, takes_one_step_from_the_cpus_state) {
  const float rate = 1;
  for (const auto& [capacity, count] : kSizes) {
    SCOPED_TRACE(capacity);
    SCOPED_TRACE(count);
    Host host(capacity, count);
    Vector x = random_values<float>(count, 1);
    for (int k = 0; k < 2 * capacity + 4; ++k) {
      SCOPED_TRACE(k);
      const Vector g = gradient(x, host, k);
      DeviceBuffer<float> device_x(x), in(g), pairs(host.pairs), previous_g(host.previous_g),
          direction(host.direction);
      DeviceBuffer<double> state(host.state), scratch(Precise(host.scratch.size(), NAN));
      cuda::lbfgs(nullptr, device_x.data(), in.data(),
                  {pairs.data(), previous_g.data(), direction.data(), state.data(), scratch.data()},
                  capacity, count, rate);
      host.step(x, g, rate);
      const Precise expected(host.direction.begin(), host.direction.end());
      const auto tolerance = step_tolerance(expected);
      expect_near(direction.host(), expected, [&](std::size_t i) { return 2 * tolerance(i); });
      expect_near(device_x.host(), x,
                  [&](std::size_t i) { return 2 * tolerance(i) + 2 * 0x1p-24 * std::abs(x[i]); });
      expect_same(pairs.host(), host.pairs);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

// At the first step, before a pair is kept, and after some.
constexpr int kPoisonedSteps[] = {0, 1, 6};
constexpr float kPoisons[] = {NAN, INFINITY, -INFINITY};

CPU_TEST(Lbfgs, a_gradient_that_is_not_finite_shows_in_x) {
  for (const int poisoned : kPoisonedSteps) {
    for (const float poison : kPoisons) {
      Host host(3, 67);
      Vector x = random_values<float>(67, 1);
      for (int k = 0; k < poisoned; ++k) host.step(x, quadratic_gradient(x), 0.1F);
      Vector g = quadratic_gradient(x);
      g[40] = poison;
      host.step(x, g, 0.1F);
      EXPECT_FALSE(std::isfinite(x[40])) << poison << " at step " << poisoned;
      host.step(x, quadratic_gradient(x), 0.1F);
      EXPECT_FALSE(std::isfinite(x[40])) << poison << ", one step after " << poisoned;
    }
  }
}

DEVICE_TEST(Lbfgs, a_gradient_that_is_not_finite_shows_in_x) {
  for (const int poisoned : kPoisonedSteps) {
    for (const float poison : kPoisons) {
      Host host(3, 67);
      Vector x = random_values<float>(67, 1);
      for (int k = 0; k < poisoned; ++k) host.step(x, quadratic_gradient(x), 0.1F);
      DeviceBuffer<float> device_x(x), pairs(host.pairs), previous_g(host.previous_g),
          direction(host.direction);
      DeviceBuffer<double> state(host.state), scratch(host.scratch);
      Vector g = quadratic_gradient(x);
      g[40] = poison;
      DeviceBuffer<float> in(g);
      cuda::lbfgs(nullptr, device_x.data(), in.data(),
                  {pairs.data(), previous_g.data(), direction.data(), state.data(), scratch.data()},
                  3, 67, 0.1F);
      EXPECT_FALSE(std::isfinite(device_x.host()[40])) << poison << " at step " << poisoned;
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
