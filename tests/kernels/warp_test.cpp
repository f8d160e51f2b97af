#include "kernels/warp.hpp"

#include <array>

#include "tests/kernels/kernel_test.hpp"

// A place is rounded about eight times, each time by 2^-24 of a number no larger than the picture
// and its distance beyond the border, say 4 (h + w); a sample changes by no more than twice the
// range of x per pixel of it, and a gathered sum by as much for each of its terms.
namespace phosphene::kernels::testing {
namespace {

using Numbers = std::array<double, 9>;

Numbers inverse_of(const Numbers& m) {
  const auto cofactor = [&](int i, int j) {
    const int r = (i + 1) % 3, s = (i + 2) % 3, c = (j + 1) % 3, d = (j + 2) % 3;
    const auto at = [&](int a, int b) { return m[static_cast<std::size_t>(3 * a + b)]; };
    return at(r, c) * at(s, d) - at(r, d) * at(s, c);
  };
  const double determinant = m[0] * cofactor(0, 0) + m[1] * cofactor(0, 1) + m[2] * cofactor(0, 2);
  Numbers inverse{};
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      inverse[static_cast<std::size_t>(3 * j + i)] = cofactor(i, j) / determinant;
    }
  }
  return inverse;
}

/// The identity, a shift by whole pixels, a turn, a magnification, a shrinking, a viewpoint, one
/// whose horizon crosses the picture, one that shows nothing, and one that squeezes all that lies
/// to the right into the picture, so that pixels there have no preimage: image n has the n-th.
const std::vector<Numbers> kWarps = {
    {1, 0, 0, 0, 1, 0, 0, 0, 1},
    {1, 0, 2, 0, 1, -1, 0, 0, 1},
    {0.87, -0.5, 1.7, 0.5, 0.87, -1.1, 0, 0, 1},
    {0.4, 0.02, 0.3, 0, 0.55, 1.2, 0, 0, 1},
    {1.9, 0.1, -1.5, -0.2, 2.3, 0.4, 0, 0, 1},
    {1.1, 0.1, -0.6, -0.1, 0.9, 0.8, 0.012, -0.009, 1},
    {1, 0, 0, 0, 1, 0, -0.21, 0.013, 1},
    {1, 0, 1000, 0, 1, 0, 0, 0, 1},
    {1, 0, 0, 0, 1, 0, 0.3, 0, 1},
};

std::vector<float> numbers_of(std::int64_t n) {
  std::vector<float> numbers;
  for (std::int64_t i = 0; i < n; ++i) {
    const Numbers& m = kWarps[static_cast<std::size_t>(i) % kWarps.size()];
    for (const double v : m) numbers.push_back(static_cast<float>(v));
    for (const double v : inverse_of(m)) numbers.push_back(static_cast<float>(v));
  }
  return numbers;
}

const std::vector<Maps> kCases = {{0, 4, 4, 3},   {1, 1, 1, 1}, {9, 2, 3, 1},  {9, 7, 5, 3},
                                  {9, 13, 17, 2}, {2, 3, 0, 3}, {3, 33, 31, 1}};

double weight(double t) { return std::max(0.0, 1 - std::abs(t)); }

/// f(y, x, weight) for every pixel of y and of x that it sees, both as indices.
template <class F>
void each_pair(const std::vector<float>& numbers, const Maps& maps, F f) {
  for (std::int64_t p = 0; p < maps.n * maps.c; ++p) {
    const float* m = numbers.data() + p / maps.c * kWarpNumbers;
    for (std::int64_t i = 0; i < maps.h; ++i) {
      for (std::int64_t j = 0; j < maps.w; ++j) {
        const auto row = [&](int r) {
          return static_cast<double>(m[3 * r]) * static_cast<double>(j) +
                 static_cast<double>(m[3 * r + 1]) * static_cast<double>(i) + m[3 * r + 2];
        };
        if (row(2) < kWarpHorizon) continue;
        const double u = row(0) / row(2), v = row(1) / row(2);
        for (std::int64_t a = 0; a < maps.h; ++a) {
          for (std::int64_t b = 0; b < maps.w; ++b) {
            const double k =
                weight(v - static_cast<double>(a)) * weight(u - static_cast<double>(b));
            if (k > 0) {
              f(static_cast<std::size_t>((p * maps.h + i) * maps.w + j),
                static_cast<std::size_t>((p * maps.h + a) * maps.w + b), k);
            }
          }
        }
      }
    }
  }
}

double place_error(const Maps& maps) {
  return 8 * 0x1p-24 * 4 * static_cast<double>(maps.h + maps.w) * 4;  // w may be as low as 1/4
}

CPU_TEST(Warp, follows_the_formula_and_so_does_its_gradient) {
  for (const Maps& maps : kCases) {
    const std::vector<float> x = random_values<float>(maps.count(), 1),
                             d_y = random_values<float>(maps.count(), 2),
                             numbers = numbers_of(maps.n);
    std::vector<double> y(x.size()), d_x(x.size()), terms(x.size());
    each_pair(numbers, maps, [&](std::size_t to, std::size_t from, double k) {
      y[to] += k * x[from];
      d_x[from] += k * d_y[to];
      terms[from] += 1;
    });
    std::vector<float> result(x.size()), gradient(x.size());
    cpu::warp(x.data(), numbers.data(), result.data(), maps);
    cpu::warp_backward(d_y.data(), numbers.data(), gradient.data(), maps);
    expect_near(result, y, [&](std::size_t) { return 8 * place_error(maps) + 8 * 0x1p-24; });
    expect_near(gradient, d_x,
                [&](std::size_t i) { return (terms[i] + 4) * 2 * place_error(maps); });
  }
}

CPU_TEST(Warp, identity_and_whole_shifts_are_exact) {
  const Maps maps{2, 5, 6, 1};
  const std::vector<float> x = random_values<float>(maps.count(), 3), numbers = numbers_of(2);
  std::vector<float> y(x.size());
  cpu::warp(x.data(), numbers.data(), y.data(), maps);
  for (std::int64_t i = 0; i < 5; ++i) {
    for (std::int64_t j = 0; j < 6; ++j) {
      EXPECT_EQ(y[static_cast<std::size_t>(i * 6 + j)], x[static_cast<std::size_t>(i * 6 + j)]);
      const bool inside = j + 2 < 6 && i > 0;
      EXPECT_EQ(y[static_cast<std::size_t>(30 + i * 6 + j)],
                inside ? x[static_cast<std::size_t>(30 + (i - 1) * 6 + j + 2)] : 0);
    }
  }
}

DEVICE_TEST(Warp, agrees_with_the_cpu) {
  for (const Maps& maps : kCases) {
    const std::vector<float> x = random_values<float>(maps.count(), 1),
                             numbers = numbers_of(maps.n);
    std::vector<float> y(x.size()), d_x(x.size());
    cpu::warp(x.data(), numbers.data(), y.data(), maps);
    cpu::warp_backward(x.data(), numbers.data(), d_x.data(), maps);
    DeviceBuffer<float> in(x, 1), matrices(numbers);
    auto out = DeviceBuffer<float>::unwritten(x.size()),
         back = DeviceBuffer<float>::unwritten(x.size());
    cuda::warp(nullptr, in.data(), matrices.data(), out.data(), maps);
    cuda::warp_backward(nullptr, in.data(), matrices.data(), back.data(), maps);
    expect_near(out.host(), y, [&](std::size_t) { return 16 * place_error(maps); });
    // Where a picture is shrunk to a point every pixel of y may be a term.
    expect_near(back.host(), d_x, [&](std::size_t) {
      return static_cast<double>(maps.h * maps.w + 4) * 2 * place_error(maps);
    });
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
