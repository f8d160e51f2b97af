#include "kernels/square_step.hpp"

#include <algorithm>

#include "tests/kernels/kernel_test.hpp"

// L-infinity has no product but by 2 and by a sign: one rounding a sum. In L2 the values are at
// most 1 in size and carry the error of four lengths.
namespace phosphene::kernels::testing {
namespace {

constexpr double kTolerance = 32 * 0x1p-24;

struct Search {
  std::vector<float> x, x0, epsilon, bumps;
  std::vector<SquareMove> moves;
  SquarePlanes planes;

  explicit Search(SquarePlanes p) : planes(p) {
    const std::int64_t size = p.c * p.h * p.w, count = p.images * size;
    x0 = random_values<float>(count, 1, 0, 1);
    x = x0;
    const auto by = random_values<float>(count, 2);
    for (std::int64_t n = 0; n < p.images; ++n) {
      epsilon.push_back(0.05F + 0.1F * static_cast<float>(n));
      for (std::int64_t i = n * size; i < (n + 1) * size; ++i) {
        const auto at = static_cast<std::size_t>(i);
        x[at] = std::clamp(x0[at] + 0.04F * by[at], 0.0F, 1.0F);
      }
      const auto side = static_cast<std::int32_t>(
          std::min<std::int64_t>(std::min(p.h, p.w), n == 0 ? 1 : 2 * n + 1));
      const auto last_row = static_cast<std::int32_t>(p.h) - side,
                 last_col = static_cast<std::int32_t>(p.w) - side;
      SquareMove move{};
      move.top = n % 2 == 0 ? 0 : last_row;
      move.left = last_col / 2;
      move.top_two = last_row / 2;
      move.left_two = n % 2 == 0 ? last_col : last_col / 2;
      move.side = side;
      move.bump = static_cast<std::int32_t>(bumps.size());
      move.transposed = static_cast<std::int32_t>(n % 2);
      move.signs = 0b10110U >> (n % 3);
      moves.push_back(move);
      for (const float b : random_values<float>(side * side, static_cast<unsigned>(10 + n))) {
        bumps.push_back(b);
      }
    }
  }
  std::vector<float> run_cpu(bool l2) const {
    std::vector<float> y(x.size());
    if (l2) {
      cpu::square_step_l2(x.data(), x0.data(), epsilon.data(), moves.data(), bumps.data(), planes,
                          y.data());
    } else {
      cpu::square_step_linf(x.data(), x0.data(), epsilon.data(), moves.data(), planes, y.data());
    }
    return y;
  }
};

const std::vector<SquarePlanes> kPlanes = {{0, 3, 4, 4}, {1, 3, 1, 1},   {3, 3, 5, 7},
                                           {4, 1, 9, 9}, {5, 3, 32, 32}, {2, 4, 17, 31}};

bool within(const SquareMove& m, std::int64_t row, std::int64_t col, bool second) {
  const std::int32_t top = second ? m.top_two : m.top, left = second ? m.left_two : m.left;
  return row >= top && row < top + m.side && col >= left && col < left + m.side;
}

CPU_TEST(SquareStep, sets_a_square_in_linf) {
  for (const SquarePlanes& p : kPlanes) {
    const Search s(p);
    std::vector<double> expected;
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      const std::int64_t col = at % p.w, row = at / p.w % p.h, c = at / (p.w * p.h) % p.c;
      const auto n = static_cast<std::size_t>(at / (p.w * p.h * p.c));
      const double eps = s.epsilon[n], x0 = s.x0[i];
      const double sign = (s.moves[n].signs >> c & 1U) != 0 ? 1 : -1;
      const double v = std::clamp(s.x[i] + 2 * eps * sign, x0 - eps, x0 + eps);
      expected.push_back(within(s.moves[n], row, col, false) ? std::clamp(v, 0.0, 1.0) : s.x[i]);
    }
    expect_near(s.run_cpu(false), expected, [](std::size_t) { return 3 * 0x1p-24; });
  }
}

CPU_TEST(SquareStep, moves_length_between_squares_in_l2) {
  for (const SquarePlanes& p : kPlanes) {
    const Search s(p);
    const std::int64_t pixels = p.h * p.w;
    std::vector<double> expected(s.x.size());
    for (std::int64_t n = 0; n < p.images; ++n) {
      const SquareMove& m = s.moves[static_cast<std::size_t>(n)];
      const double eps = s.epsilon[static_cast<std::size_t>(n)];
      const auto d_of = [&](std::int64_t c, std::int64_t i) {
        const auto at = static_cast<std::size_t>((n * p.c + c) * pixels + i);
        return static_cast<double>(s.x[at]) - s.x0[at];
      };
      double whole = 0, all = 0;
      for (std::int64_t c = 0; c < p.c; ++c) {
        for (std::int64_t i = 0; i < pixels; ++i) whole += d_of(c, i) * d_of(c, i);
      }
      for (std::int64_t c = 0; c < p.c; ++c) {
        double first = 0, windows = 0, bumped = 0;
        std::vector<double> v(static_cast<std::size_t>(pixels));
        for (std::int64_t i = 0; i < pixels; ++i) {
          const bool one = within(m, i / p.w, i % p.w, false);
          const double d = d_of(c, i);
          if (one) first += d * d;
          if (one || within(m, i / p.w, i % p.w, true)) windows += d * d;
        }
        for (std::int64_t i = 0; i < pixels; ++i) {
          if (!within(m, i / p.w, i % p.w, false)) continue;
          const std::int64_t r = i / p.w - m.top, t = i % p.w - m.left;
          const std::int64_t at = m.transposed != 0 ? t * m.side + r : r * m.side + t;
          double& e = v[static_cast<std::size_t>(i)];
          e = ((m.signs >> c & 1U) != 0 ? 1.0 : -1.0) *
                  s.bumps[static_cast<std::size_t>(m.bump + at)] +
              d_of(c, i) / (1e-12 + std::sqrt(first));
          bumped += e * e;
        }
        const double scale =
            std::sqrt(std::max(eps * eps - whole, 0.0) / static_cast<double>(p.c) + windows) /
            (1e-12 + std::sqrt(bumped));
        for (std::int64_t i = 0; i < pixels; ++i) {
          double& e = expected[static_cast<std::size_t>((n * p.c + c) * pixels + i)];
          e = within(m, i / p.w, i % p.w, false)  ? scale * v[static_cast<std::size_t>(i)]
              : within(m, i / p.w, i % p.w, true) ? 0
                                                  : d_of(c, i);
          all += e * e;
        }
      }
      for (std::int64_t i = n * p.c * pixels; i < (n + 1) * p.c * pixels; ++i) {
        double& e = expected[static_cast<std::size_t>(i)];
        e = std::clamp(s.x0[static_cast<std::size_t>(i)] + e * eps / (std::sqrt(all) + 1e-12), 0.0,
                       1.0);
      }
    }
    expect_near(s.run_cpu(true), expected, [](std::size_t) { return kTolerance; });
  }
}

DEVICE_TEST(SquareStep, agrees_with_the_cpu) {
  for (const SquarePlanes& p : kPlanes) {
    const Search s(p);
    DeviceBuffer<float> x(s.x), x0(s.x0), epsilon(s.epsilon), bumps(s.bumps);
    DeviceBuffer<SquareMove> moves(s.moves);
    auto y = DeviceBuffer<float>::unwritten(s.x.size());
    cuda::square_step_linf(nullptr, x.data(), x0.data(), epsilon.data(), moves.data(), p, y.data());
    expect_near(y.host(), s.run_cpu(false), [](std::size_t) { return 3 * 0x1p-24; });
    cuda::square_step_l2(nullptr, x.data(), x0.data(), epsilon.data(), moves.data(), bumps.data(),
                         p, y.data());
    expect_near(y.host(), s.run_cpu(true), [](std::size_t) { return 2 * kTolerance; });
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
