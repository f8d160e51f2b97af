#include "kernels/apgd_step.hpp"

#include <algorithm>

#include "tests/kernels/kernel_test.hpp"

// The values are at most 1 + 2 eps in size and go through some ten roundings each; in L2 the three
// factors add two each, and on the device half the error of a sum of squares, of size / 256 terms
// in line and ten levels of a tree.
namespace phosphene::kernels::testing {
namespace {

constexpr double kTolerance = 24 * 0x1p-24;

double sum_tolerance(std::int64_t size) {
  return kTolerance + (static_cast<double>(size) / 256 + 10) * 0x1p-24;
}

constexpr std::int64_t kImages = 5;

struct Batch {
  std::vector<float> x, old, x0, g, step, epsilon, inertia;
  std::int64_t size;

  Batch(std::int64_t elements, bool awkward) : size(elements) {
    const std::int64_t count = kImages * size;
    x0 = random_values<float>(count, 1, 0, 1);
    x = old = x0;
    step = {0.1F, 0.02F, 0.4F, 0, 1};
    epsilon = {0.05F, 0.01F, 0.2F, 0.05F, 0.5F};
    inertia = {1, 0.75F, 0.75F, 1, 0.75F};
    const auto a = random_values<float>(count, 2), b = random_values<float>(count, 3);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float eps = epsilon[i / static_cast<std::size_t>(size)];
      x[i] = std::clamp(x0[i] + eps * a[i], 0.0F, 1.0F);
      old[i] = std::clamp(x0[i] + eps * b[i], 0.0F, 1.0F);
    }
    g = awkward ? awkward_values<float>(count, 4) : random_values<float>(count, 4);
    if (!awkward) {  // one without a direction
      for (std::int64_t i = 0; i < size; ++i) g[static_cast<std::size_t>(size + i)] = 0;
    }
  }
  ApgdNumbers numbers() const { return {step.data(), epsilon.data(), inertia.data()}; }
};

using Doubles = std::vector<double>;

/// One image of the formula.
Doubles expected_image(const Batch& b, std::size_t n, bool l2) {
  const auto size = static_cast<std::size_t>(b.size), from = n * size;
  const double eps = b.epsilon[n], a = b.inertia[n];
  const auto length = [](const Doubles& v) {
    double sum = 0;
    for (const double e : v) sum += e * e;
    return std::sqrt(sum);
  };
  const auto project = [&](Doubles v) {
    for (std::size_t i = 0; i < size; ++i) v[i] -= b.x0[from + i];
    const double most = length(v);
    for (std::size_t i = 0; i < size; ++i) {
      v[i] = l2 ? v[i] * std::min(most, eps) / (most + 1e-12) : std::clamp(v[i], -eps, eps);
      v[i] = std::clamp(v[i] + b.x0[from + i], 0.0, 1.0);
    }
    return v;
  };
  const Doubles g(b.g.begin() + static_cast<std::ptrdiff_t>(from),
                  b.g.begin() + static_cast<std::ptrdiff_t>(from + size));
  const double of_g = length(g);
  Doubles z(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double sign = g[i] > 0 ? 1 : g[i] < 0 ? -1 : 0;
    z[i] = b.x[from + i] + b.step[n] * (l2 ? (of_g > 0 ? g[i] / of_g : 0) : sign);
  }
  z = project(z);
  for (std::size_t i = 0; i < size; ++i) {
    const double x = b.x[from + i];
    z[i] = x + a * (z[i] - x) + (1 - a) * (x - b.old[from + i]);
  }
  return project(z);
}

void run_cpu(Batch& b, bool l2) {
  (l2 ? cpu::apgd_step_l2 : cpu::apgd_step_linf)(b.x.data(), b.old.data(), b.x0.data(), b.g.data(),
                                                 b.numbers(), kImages, b.size);
}

CPU_TEST(ApgdStep, follows_the_formula) {
  for (const std::int64_t size : kCounts) {
    for (const bool l2 : {false, true}) {
      Batch b(size, !l2);
      const Batch before = b;
      Doubles expected;
      for (std::size_t n = 0; n < kImages; ++n) {
        const Doubles image = expected_image(before, n, l2);
        expected.insert(expected.end(), image.begin(), image.end());
      }
      run_cpu(b, l2);
      expect_near(b.x, expected, [](std::size_t) { return kTolerance; });
      expect_same(b.old, before.x);
    }
  }
}

CPU_TEST(ApgdStep, stays_where_the_gradient_has_no_direction) {
  for (const bool l2 : {false, true}) {
    Batch b(100, false);
    std::fill(b.g.begin(), b.g.end(), l2 ? NAN : 0.0F);
    b.old = b.x;
    b.inertia.assign(kImages, 1);
    if (l2) b.x = b.old = b.x0;  // |x - x0| is at most eps
    const Batch before = b;
    run_cpu(b, l2);
    expect_same(b.x, before.x);
  }
}

DEVICE_TEST(ApgdStep, agrees_with_the_cpu) {
  for (const std::int64_t size : {0, 1, 31, 33, 257, 1021}) {
    for (const bool l2 : {false, true}) {
      Batch b(size, !l2);
      DeviceBuffer<float> x(b.x), old(b.old), x0(b.x0), g(b.g), step(b.step), epsilon(b.epsilon),
          inertia(b.inertia);
      const auto run = l2 ? cuda::apgd_step_l2 : cuda::apgd_step_linf;
      run(nullptr, x.data(), old.data(), x0.data(), g.data(),
          {step.data(), epsilon.data(), inertia.data()}, kImages, size);
      const std::vector<float> before = b.x;
      run_cpu(b, l2);
      expect_near(x.host(), b.x, [&](std::size_t) { return sum_tolerance(size); });
      expect_same(old.host(), before);
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
