#include "kernels/interval.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/interval_ends.hpp"
#include "tests/kernels/kernel_test.hpp"

// On the CPU the ends must lie outside the exact ones, by eight units of rounding at most; the
// device may contract products, which moves a middle or a radius by two.
namespace phosphene::kernels::testing {
namespace {

constexpr double kUnit = 0x1p-24;

/// Ends with low <= high, every so often one that is no number.
struct Intervals {
  explicit Intervals(std::int64_t count, bool awkward = true)
      : low(random_values<float>(count, 1)), high(random_values<float>(count, 2, 0, 2)) {
    for (std::size_t i = 0; i < low.size(); ++i) high[i] += low[i];
    if (!awkward) return;
    for (std::size_t i = 3; i < low.size(); i += 41) high[i] = low[i];
    for (std::size_t i = 4; i < low.size(); i += 53) high[i] = INFINITY;
    for (std::size_t i = 5; i < low.size(); i += 59) low[i] = -INFINITY;
    for (std::size_t i = 6; i < low.size(); i += 61) low[i] = NAN;
  }
  std::vector<float> low, high;
};

/// Middles and radii, some without bounds.
struct Middles {
  explicit Middles(std::int64_t count)
      : m(awkward_values<float>(count, 1)), r(random_values<float>(count, 2, 0, 2)) {
    for (std::size_t i = 7; i < r.size(); i += 43) r[i] = INFINITY;
    for (std::size_t i = 8; i < r.size(); i += 47) r[i] = NAN;
    for (std::size_t i = 9; i < r.size(); i += 7) r[i] *= 1e-7F;
  }
  std::vector<float> m, r;
};

CPU_TEST(Interval, ends_lie_outside_the_exact_ones) {
  for (const std::int64_t count : kCounts) {
    for (const bool relu : {false, true}) {
      const Middles x(count);
      std::vector<float> low = x.m, high = x.r;
      cpu::interval_ends(low.data(), high.data(), relu, count);
      for (std::size_t i = 0; i < low.size(); ++i) {
        const double m = x.m[i], r = x.r[i];
        if (!(std::abs(m) + r <= kIntervalLimit)) {
          ASSERT_EQ(low[i], relu ? 0 : -INFINITY);
          ASSERT_EQ(high[i], INFINITY);
          continue;
        }
        double exact_low = m - r, exact_high = m + r;
        if (relu) exact_low = std::max(exact_low, 0.0), exact_high = std::max(exact_high, 0.0);
        ASSERT_LE(low[i], exact_low);
        ASSERT_GE(high[i], exact_high);
        ASSERT_NEAR(low[i], exact_low, 8 * kUnit * std::abs(exact_low) + 2 * kIntervalTiny);
        ASSERT_NEAR(high[i], exact_high, 8 * kUnit * std::abs(exact_high) + 2 * kIntervalTiny);
      }
    }
  }
}

CPU_TEST(Interval, middle_and_radius_cover_both_ends) {
  for (const std::int64_t count : kCounts) {
    const Intervals x(count);
    std::vector<float> m(x.low.size()), r(x.low.size());
    const float a = 1 + 0x1p-20F, b = 0x1p-20F;
    cpu::interval_middle(x.low.data(), x.high.data(), m.data(), r.data(), a, b, count);
    for (std::size_t i = 0; i < m.size(); ++i) {
      const double low = x.low[i], high = x.high[i];
      if (!std::isfinite(low) || !std::isfinite(high)) {
        ASSERT_EQ(m[i], 0);
        ASSERT_EQ(r[i], INFINITY);
        continue;
      }
      ASSERT_LE(m[i] - double{r[i]}, low);
      ASSERT_GE(m[i] + double{r[i]}, high);
      const double exact = a * (high - low) / 2 + b * std::abs(low + high) / 2;
      ASSERT_NEAR(r[i], exact, 4 * kUnit * (std::abs(low) + std::abs(high)));
    }
  }
}

CPU_TEST(Interval, ball_keeps_to_the_pixels) {
  const std::int64_t images = 5, each = 217;
  const std::vector<float> x = random_values<float>(images * each, 3, 0, 1);
  const std::vector<float> eps{0, 1e-3F, 0.1F, 1, 8.0F / 255};
  std::vector<float> low(x.size()), high(x.size());
  cpu::interval_ball(x.data(), eps.data(), low.data(), high.data(), images, each);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double radius = eps[i / each];
    const double exact_low = std::max(x[i] - radius, 0.0);
    const double exact_high = std::min(x[i] + radius, 1.0);
    ASSERT_LE(low[i], exact_low);
    ASSERT_GE(high[i], exact_high);
    ASSERT_GE(low[i], 0);
    ASSERT_LE(high[i], 1);
    ASSERT_NEAR(low[i], exact_low, 8 * kUnit);
    ASSERT_NEAR(high[i], exact_high, 8 * kUnit);
  }
}

struct MarginCase {
  std::int64_t n, classes, features;
  Intervals x;
  std::vector<float> w, bias;
  std::vector<std::int32_t> labels;

  MarginCase(std::int64_t images, std::int64_t of, std::int64_t wide)
      : n(images),
        classes(of),
        features(wide),
        x(images * wide, false),
        w(random_values<float>(of * wide, 5)),
        bias(random_values<float>(of, 6)) {
    for (std::int64_t i = 0; i < n; ++i) labels.push_back(static_cast<std::int32_t>(i % classes));
    // One image knows nothing of one feature.
    if (n > 1) x.high[static_cast<std::size_t>(features)] = INFINITY;
  }
  /// The size of the sums, in units of which roundings come.
  double size(std::size_t at) const {
    const std::size_t i = at / static_cast<std::size_t>(classes);
    double sum = 4;
    for (std::size_t k = 0; k < static_cast<std::size_t>(features); ++k) {
      const std::size_t f = i * static_cast<std::size_t>(features) + k;
      sum += 4 * (std::abs(x.low[f]) + std::abs(x.high[f]));
    }
    return sum;
  }
};

constexpr float kScale = 1 + 0x1p-12F, kRounding = 0x1p-12F;

const std::vector<std::array<std::int64_t, 3>> kMarginSizes = {
    {1, 2, 1}, {2, 10, 33}, {7, 3, 100}, {3, 40, 31}, {1, 2, 2000}};

CPU_TEST(Interval, margins_follow_the_formula) {
  for (const auto& [n, classes, features] : kMarginSizes) {
    const MarginCase c(n, classes, features);
    std::vector<float> lower(static_cast<std::size_t>(n * classes));
    cpu::interval_margins(c.x.low.data(), c.x.high.data(), c.w.data(), c.bias.data(),
                          c.labels.data(), lower.data(), n, classes, features, kScale, kRounding);
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < classes; ++j) {
        const auto at = static_cast<std::size_t>(i * classes + j);
        const std::int64_t y = c.labels[static_cast<std::size_t>(i)];
        double margin = c.bias[static_cast<std::size_t>(y)] - c.bias[static_cast<std::size_t>(j)];
        double radius = kRounding * (std::abs(c.bias[static_cast<std::size_t>(y)]) +
                                     std::abs(c.bias[static_cast<std::size_t>(j)]));
        for (std::int64_t k = 0; k < features; ++k) {
          const double low = c.x.low[static_cast<std::size_t>(i * features + k)];
          const double high = c.x.high[static_cast<std::size_t>(i * features + k)];
          const double of_y = c.w[static_cast<std::size_t>(y * features + k)];
          const double of_j = c.w[static_cast<std::size_t>(j * features + k)];
          const double m = (low + high) / 2, r = (high - low) / 2;
          margin += (of_y - of_j) * m;
          radius += std::abs(of_y - of_j) * r +
                    kRounding * (std::abs(of_y) + std::abs(of_j)) * (std::abs(m) + r);
        }
        const double expected = j == y ? 0 : margin - kScale * radius;
        if (!std::isfinite(radius)) {
          ASSERT_EQ(lower[at], j == y ? 0 : -INFINITY);
        } else {
          ASSERT_NEAR(lower[at], expected, c.size(at) * static_cast<double>(features + 9) * kUnit);
        }
      }
    }
  }
}

DEVICE_TEST(Interval, agrees_with_the_cpu) {
  for (const std::int64_t count : kCounts) {
    for (const std::size_t offset : kOffsets) {
      const auto size = static_cast<std::size_t>(count);
      const Intervals x(count);
      DeviceBuffer<float> low(x.low, offset), high(x.high, offset);
      auto m = DeviceBuffer<float>::unwritten(size, offset);
      auto r = DeviceBuffer<float>::unwritten(size, offset);
      std::vector<float> cpu_m(size), cpu_r(size);
      cpu::interval_middle(x.low.data(), x.high.data(), cpu_m.data(), cpu_r.data(), 1.001F, 0.001F,
                           count);
      cuda::interval_middle(nullptr, low.data(), high.data(), m.data(), r.data(), 1.001F, 0.001F,
                            count);
      const auto tolerance = [](std::size_t) { return 16 * kUnit; };
      expect_near(m.host(), cpu_m, tolerance);
      expect_near(r.host(), cpu_r, tolerance);

      const Middles y(count);
      for (const bool relu : {false, true}) {
        std::vector<float> cpu_low = y.m, cpu_high = y.r;
        DeviceBuffer<float> first(y.m, offset), second(y.r, offset);
        cpu::interval_ends(cpu_low.data(), cpu_high.data(), relu, count);
        cuda::interval_ends(nullptr, first.data(), second.data(), relu, count);
        expect_near(first.host(), cpu_low, tolerance);
        expect_near(second.host(), cpu_high, tolerance);
      }
    }
  }
}

DEVICE_TEST(Interval, balls_agree_with_the_cpu) {
  const std::int64_t images = 5, each = 217;
  const std::vector<float> x = random_values<float>(images * each, 3, 0, 1);
  const std::vector<float> eps{0, 1e-3F, 0.1F, 1, 8.0F / 255};
  std::vector<float> cpu_low(x.size()), cpu_high(x.size());
  cpu::interval_ball(x.data(), eps.data(), cpu_low.data(), cpu_high.data(), images, each);
  DeviceBuffer<float> in(x), radii(eps);
  auto low = DeviceBuffer<float>::unwritten(x.size());
  auto high = DeviceBuffer<float>::unwritten(x.size());
  cuda::interval_ball(nullptr, in.data(), radii.data(), low.data(), high.data(), images, each);
  expect_near(low.host(), cpu_low, [](std::size_t) { return 4 * kUnit; });
  expect_near(high.host(), cpu_high, [](std::size_t) { return 4 * kUnit; });
}

DEVICE_TEST(Interval, margins_agree_with_the_cpu) {
  for (const auto& [n, classes, features] : kMarginSizes) {
    const MarginCase c(n, classes, features);
    std::vector<float> expected(static_cast<std::size_t>(n * classes));
    cpu::interval_margins(c.x.low.data(), c.x.high.data(), c.w.data(), c.bias.data(),
                          c.labels.data(), expected.data(), n, classes, features, kScale,
                          kRounding);
    DeviceBuffer<float> low(c.x.low), high(c.x.high), w(c.w), bias(c.bias);
    DeviceBuffer<std::int32_t> labels(c.labels);
    auto lower = DeviceBuffer<float>::unwritten(expected.size());
    cuda::interval_margins(nullptr, low.data(), high.data(), w.data(), bias.data(), labels.data(),
                           lower.data(), n, classes, features, kScale, kRounding);
    const double terms = static_cast<double>(c.features + 9);
    expect_near(lower.host(), expected, [&](std::size_t at) { return c.size(at) * terms * kUnit; });
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
