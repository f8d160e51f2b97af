#include "kernels/lrn.hpp"

#include <algorithm>

#include "tests/kernels/kernel_test.hpp"
#include "tests/kernels/maps_cases.hpp"

// With u = 2^-24: s, all of whose terms are positive, is off by (size + 5) u relative, s^-beta by
// beta times that and 8 u for powf (4 ulp on the device; roots take 4.5 u), a product by u more.
// Backward the same holds for each of the size + 1 terms, and their sum adds size u.
namespace phosphene::kernels::testing {
namespace {

// AlexNet's, GoogLeNet's, one channel alone, one wider than most maps, and one that scales hard.
const std::vector<LrnParams> kParams = {{5, 1e-4F, 0.75F, 2},
                                        {5, 1e-4F, 0.75F, 1},
                                        {1, 0.5F, 0.75F, 1},
                                        {9, 2.0F, 0.5F, 1.5F},
                                        {3, 10.0F, 1.0F, 0.1F}};

double relative(const LrnParams& p) {
  return ((p.beta + 1) * (p.size + 5) + 12 + p.size) * 0x1p-24;
}

struct Naive {
  std::vector<double> y, d_x, size;  // size: of the terms of d_x
};

template <class T>
Naive naive(const std::vector<T>& x, const std::vector<T>& d_y, const Maps& maps,
            const LrnParams& p) {
  Naive result;
  for_each_element(maps, [&](std::int64_t n, std::int64_t i, std::int64_t j, std::int64_t c) {
    const auto at = [&](std::int64_t k) { return index_of(maps, n, i, j, k); };
    const auto around = [&](std::int64_t channel, auto term) {
      double sum = 0;
      for (std::int64_t k = channel - p.size / 2; k <= channel + p.size / 2; ++k) {
        if (inside(k, maps.c)) sum += term(k);
      }
      return sum;
    };
    const double alpha = p.alpha, beta = p.beta;
    const auto s = [&](std::int64_t channel) {
      return p.k + alpha / p.size * around(channel, [&](std::int64_t k) {
                     return to_double(x[at(k)]) * to_double(x[at(k)]);
                   });
    };
    const auto through = [&](std::int64_t k) {
      return to_double(d_y[at(k)]) * to_double(x[at(k)]) * std::pow(s(k), -beta - 1);
    };
    const double value = to_double(x[at(c)]);
    const double factor = 2 * alpha * beta / p.size * value;
    const double direct = to_double(d_y[at(c)]) * std::pow(s(c), -beta);
    result.y.push_back(value * std::pow(s(c), -beta));
    result.d_x.push_back(direct - factor * around(c, through));
    result.size.push_back(std::abs(direct) + std::abs(factor) * around(c, [&](std::int64_t k) {
                                               return std::abs(through(k));
                                             }));
  });
  return result;
}

CPU_TEST(Lrn, follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps& maps : kMaps) {
      for (const LrnParams& p : kParams) {
        const std::vector<T> x = rarely_awkward_values<T>(maps.count(), 1, -3, 3);
        const std::vector<T> d_y = rarely_awkward_values<T>(maps.count(), 2);
        const Naive expected = naive(x, d_y, maps, p);
        std::vector<T> y(x.size()), d_x(x.size());
        cpu::lrn(x.data(), y.data(), maps, p);
        cpu::lrn_backward(d_y.data(), x.data(), d_x.data(), maps, p);
        expect_near(y, expected.y, [&](std::size_t i) {
          return relative(p) * std::max(kTiny, std::abs(expected.y[i])) +
                 rounding<T>(expected.y[i]);
        });
        expect_near(d_x, expected.d_x, [&](std::size_t i) {
          return relative(p) * std::max(kTiny, expected.size[i]) + rounding<T>(expected.d_x[i]);
        });
      }
    }
  });
}

DEVICE_TEST(Lrn, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps& maps : kMaps) {
      for (const LrnParams& p : kParams) {
        const std::vector<T> x = rarely_awkward_values<T>(maps.count(), 1, -3, 3);
        const std::vector<T> d_y = rarely_awkward_values<T>(maps.count(), 2);
        const Naive bounds = naive(x, d_y, maps, p);
        std::vector<T> expected(x.size()), expected_d_x(x.size());
        cpu::lrn(x.data(), expected.data(), maps, p);
        cpu::lrn_backward(d_y.data(), x.data(), expected_d_x.data(), maps, p);

        const std::size_t offset = p.size == 5 ? 1 : 0;
        DeviceBuffer<T> in(x, offset), d_out(d_y, offset);
        auto y = DeviceBuffer<T>::unwritten(x.size(), offset);
        auto d_x = DeviceBuffer<T>::unwritten(x.size(), offset);
        cuda::lrn(nullptr, in.data(), y.data(), maps, p);
        cuda::lrn_backward(nullptr, d_out.data(), in.data(), d_x.data(), maps, p);
        expect_near(y.host(), expected, [&](std::size_t i) {
          return 2 *
                 (relative(p) * std::max(kTiny, std::abs(bounds.y[i])) + rounding<T>(bounds.y[i]));
        });
        expect_near(d_x.host(), expected_d_x, [&](std::size_t i) {
          return 2 * (relative(p) * std::max(kTiny, bounds.size[i]) + rounding<T>(bounds.d_x[i]));
        });
      }
    }
  });
}

}  // namespace
}  // namespace phosphene::kernels::testing
