#include "kernels/fab_step.hpp"

#include <algorithm>

#include "tests/kernels/kernel_test.hpp"

namespace phosphene::kernels::testing {
namespace {

/// Planes through the box, beside it, with weights of 0, of 1e-9 and of one element alone, and
/// points at the ends of the box.
struct Planes {
  std::vector<float> x, x0, w, f;
  std::vector<FabMove> moves;
  std::int64_t images = 8, size;

  explicit Planes(std::int64_t elements) : size(elements) {
    const std::int64_t count = images * size;
    x = random_values<float>(count, 1, 0, 1);
    x0 = random_values<float>(count, 2, 0, 1);
    w = random_values<float>(count, 3);
    const auto at = [&](std::int64_t n, std::int64_t i) {
      return static_cast<std::size_t>(n * size + i);
    };
    const auto reach = static_cast<float>(size);
    f = {0.01F * reach, -0.1F * reach, 10 * reach, 0, 0.02F, 0.05F * reach, -0.3F, 1e-6F};
    moves.assign(static_cast<std::size_t>(images), FabMove::step);
    for (std::int64_t i = 0; i < size; ++i) {
      if (i % 3 == 0) w[at(1, i)] = 0;
      if (i != size / 2) w[at(4, i)] = 0;
      x[at(5, i)] = i % 2 == 0 ? 0.0F : 1.0F;
      if (i % 2 == 0) w[at(6, i)] *= 1e-9F;
      x0[at(7, i)] = x[at(7, i)];
    }
  }
};

void run_cpu(Planes& p, FabFactors factors, bool l2) {
  cpu::fab_step(p.x.data(), p.x0.data(), p.w.data(), p.f.data(), p.moves.data(), factors, l2,
                p.images, p.size);
}

/// One image in double, the root by bisection.
struct Naive {
  std::vector<double> d;
  double length = 0, room = 0, value = 0;

  Naive(const Planes& p, std::size_t n, const std::vector<float>& v, double c, bool l2) {
    const auto size = static_cast<std::size_t>(p.size);
    const auto moved = [&](double m) {
      std::vector<double> by(size);
      value = room = 0;
      for (std::size_t i = 0; i < size; ++i) {
        const double w = p.w[n * size + i], point = v[n * size + i], weight = std::abs(w);
        if (l2 ? weight < 1e-8 : weight == 0) continue;
        const bool down = (w > 0) == (c > 0);
        const double most = down ? point : 1 - point;
        const double step = std::min(m * (l2 ? weight : 1), most);
        by[i] = down ? -step : step;
        value += weight * step;
        room += weight * most;
      }
      return by;
    };
    double low = 0, high = l2 ? 1e9 : 1;
    for (int k = 0; k < 200; ++k) {
      const double mid = (low + high) / 2;
      moved(mid);
      (value < std::abs(c) ? low : high) = mid;
    }
    d = moved(high);
    for (const double e : d) length = l2 ? length + e * e : std::max(length, std::abs(e));
    if (l2) length = std::sqrt(length);
  }
};

double plane_value(const Planes& p, std::size_t n) {
  double c = p.f[n];
  const auto size = static_cast<std::size_t>(p.size);
  for (std::size_t i = n * size; i < (n + 1) * size; ++i) {
    c += static_cast<double>(p.w[i]) * (static_cast<double>(p.x0[i]) - p.x[i]);
  }
  return c;
}

// The projection alone (nothing of x0, no overshoot): in the box, on the plane as nearly as its
// float elements can be, and no longer than the shortest way.
CPU_TEST(FabStep, projects_onto_the_plane_within_the_box) {
  for (const std::int64_t size : {1, 2, 33, 257, 3072}) {
    for (const bool l2 : {false, true}) {
      Planes p(size);
      const Planes before = p;
      run_cpu(p, {0, 1, 0.9F}, l2);
      for (std::size_t n = 0; n < 8; ++n) {
        const Naive naive(before, n, before.x, before.f[n], l2);
        double value = before.f[n], weights = 0, length = 0;
        for (std::size_t i = n * static_cast<std::size_t>(size);
             i < (n + 1) * static_cast<std::size_t>(size); ++i) {
          ASSERT_GE(p.x[i], 0);
          ASSERT_LE(p.x[i], 1);
          const double d = static_cast<double>(p.x[i]) - before.x[i];
          value += before.w[i] * d;
          weights += std::abs(static_cast<double>(before.w[i]));
          length = l2 ? length + d * d : std::max(length, std::abs(d));
        }
        if (l2) length = std::sqrt(length);
        // What is left of f where the box ends before the plane, roundings of x, and of the root.
        const double left = std::max(0.0, std::abs(static_cast<double>(before.f[n])) - naive.room);
        EXPECT_NEAR(std::abs(value), left, (2 * weights + 4 * naive.room) * 0x1p-24 + 1e-12)
            << "image " << n << " of " << size << " elements, l2 " << l2;
        EXPECT_LE(length,
                  naive.length * (1 + 1e-6) + 0x1p-23 * std::sqrt(static_cast<double>(size)))
            << "image " << n << " of " << size << " elements, l2 " << l2;
      }
    }
  }
}

/// A root's relative error is that of its sums, where a good part of the elements is free; it
/// enters x times |d| <= 1, as does that of alpha, times |x - x0|.
constexpr double kTolerance = 64 * 0x1p-24;

CPU_TEST(FabStep, follows_the_formula) {
  const FabFactors factors{0.1F, 1.05F, 0.9F};
  for (const bool l2 : {false, true}) {
    Planes p(1021);
    p.moves[1] = FabMove::back;
    p.moves[3] = FabMove::stay;
    const Planes before = p;
    run_cpu(p, factors, l2);
    std::vector<double> expected;
    for (std::size_t n = 0; n < 8; ++n) {
      const Naive d(before, n, before.x, before.f[n], l2);
      const Naive d0(before, n, before.x0, plane_value(before, n), l2);
      const double a = std::max(d.length, 1e-8), b = std::max(d0.length, 1e-8);
      const double alpha = std::min(a / (a + b), static_cast<double>(factors.alpha_max));
      for (std::size_t i = 0; i < 1021; ++i) {
        const double x = before.x[n * 1021 + i], x0 = before.x0[n * 1021 + i];
        const double stepped =
            (1 - alpha) * (x + factors.eta * d.d[i]) + alpha * (x0 + factors.eta * d0.d[i]);
        expected.push_back(before.moves[n] == FabMove::back   ? x0 + factors.beta * (x - x0)
                           : before.moves[n] == FabMove::stay ? x
                                                              : std::clamp(stepped, 0.0, 1.0));
      }
    }
    expect_near(p.x, expected, [](std::size_t) { return kTolerance; });
  }
}

CPU_TEST(FabStep, nothing_leaves_the_box_without_a_plane) {
  for (const bool l2 : {false, true}) {
    Planes p(100);
    for (std::size_t i = 0; i < p.w.size(); i += 7) p.w[i] = i % 2 == 0 ? NAN : INFINITY;
    p.f[0] = NAN;
    p.f[1] = INFINITY;
    run_cpu(p, {0.1F, 1.05F, 0.9F}, l2);
    for (const float v : p.x) ASSERT_TRUE(v >= 0 && v <= 1) << v;
  }
}

DEVICE_TEST(FabStep, agrees_with_the_cpu) {
  for (const std::int64_t size : {1, 33, 257}) {
    for (const bool l2 : {false, true}) {
      Planes p(size);
      p.moves[0] = FabMove::back;
      p.moves[3] = FabMove::stay;
      DeviceBuffer<float> x(p.x), x0(p.x0), w(p.w), f(p.f);
      DeviceBuffer<FabMove> moves(p.moves);
      const FabFactors factors{0.1F, 1.05F, 0.9F};
      cuda::fab_step(nullptr, x.data(), x0.data(), w.data(), f.data(), moves.data(), factors, l2,
                     p.images, size);
      run_cpu(p, factors, l2);
      // Float sums: the error of a tree over 256 threads, relative to sums of terms of one sign.
      expect_near(x.host(), p.x, [&](std::size_t) { return 4 * kTolerance; });
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
