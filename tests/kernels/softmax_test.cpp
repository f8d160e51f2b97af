#include "kernels/softmax.hpp"

#include <algorithm>

#include "tests/kernels/kernel_test.hpp"
#include "tests/kernels/maps_cases.hpp"

// With R the range of a pixel's values and u = 2^-24: the argument of an exponential is off by
// R u, the exponential itself by 4 u, the sum of c of them by c u more: relative (2 R + c + 10) u.
namespace phosphene::kernels::testing {
namespace {

constexpr float kRange = 20;  // values lie in +-10
constexpr double kUnit = 0x1p-24;

double relative(const Maps& maps) {
  return (2 * kRange + static_cast<double>(maps.c) + 10) * kUnit;
}

// Calls body(first, last) with the elements of each pixel.
template <class Body>
void for_each_pixel(const Maps& maps, Body body) {
  for (std::int64_t at = 0; at < maps.count(); at += maps.c) {
    body(static_cast<std::size_t>(at), static_cast<std::size_t>(at + maps.c));
  }
}

struct Gradient {
  std::vector<double> value, bound;
};
template <class T>
Gradient naive_backward(const Maps& maps, const std::vector<T>& d_y, const std::vector<T>& y) {
  Gradient d_x;
  for_each_pixel(maps, [&](std::size_t first, std::size_t last) {
    double dot = 0, size = 0;
    for (std::size_t i = first; i < last; ++i) {
      dot += to_double(d_y[i]) * to_double(y[i]);
      size += std::abs(to_double(d_y[i]) * to_double(y[i]));
    }
    for (std::size_t i = first; i < last; ++i) {
      d_x.value.push_back(to_double(y[i]) * (to_double(d_y[i]) - dot));
      // The sum of c products, one subtraction and one product.
      d_x.bound.push_back(to_double(y[i]) * (static_cast<double>(maps.c) + 4) * kUnit *
                          (std::abs(to_double(d_y[i])) + size));
    }
  });
  return d_x;
}

CPU_TEST(Softmax, follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps& maps : kMaps) {
      const std::vector<T> x = random_values<T>(maps.count(), 1, -kRange / 2, kRange / 2);
      std::vector<T> y(x.size()), d_x(x.size());
      std::vector<double> expected(x.size());
      for_each_pixel(maps, [&](std::size_t first, std::size_t last) {
        double sum = 0;
        for (std::size_t i = first; i < last; ++i) sum += std::exp(to_double(x[i]));
        for (std::size_t i = first; i < last; ++i) expected[i] = std::exp(to_double(x[i])) / sum;
      });
      cpu::softmax(x.data(), y.data(), maps);
      expect_near(y, expected, [&](std::size_t i) {
        return relative(maps) * expected[i] + rounding<T>(expected[i]);
      });

      const std::vector<T> d_y = random_values<T>(maps.count(), 2);
      cpu::softmax_backward(d_y.data(), y.data(), d_x.data(), maps);
      const Gradient gradient = naive_backward(maps, d_y, y);
      expect_near(d_x, gradient.value, [&](std::size_t i) {
        return gradient.bound[i] + rounding<T>(gradient.value[i]);
      });
    }
  });
}

// No overflow, nothing for -inf, and a NaN spoils its own pixel alone.
const std::vector<float> kExtreme = {3e38F, -3e38F, 3e38F, 0,    -INFINITY, 1,
                                     NAN,   0,      1,     -200, -200,      -200};
const std::vector<float> kExtremeResult = {0.5F, 0,   0.5F, 0.268941421F, 0,        0.731058579F,
                                           NAN,  NAN, NAN,  1.0F / 3,     1.0F / 3, 1.0F / 3};
const Maps kExtremeMaps{1, 2, 2, 3};

CPU_TEST(Softmax, takes_extreme_values) {
  std::vector<float> y(kExtreme.size());
  cpu::softmax(kExtreme.data(), y.data(), kExtremeMaps);
  expect_near(y, kExtremeResult, [](std::size_t) { return 4 * kUnit; });
}

DEVICE_TEST(Softmax, takes_extreme_values) {
  DeviceBuffer<float> x(kExtreme);
  auto y = DeviceBuffer<float>::unwritten(kExtreme.size());
  cuda::softmax(nullptr, x.data(), y.data(), kExtremeMaps);
  expect_near(y.host(), kExtremeResult, [](std::size_t) { return 4 * kUnit; });
}

DEVICE_TEST(Softmax, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps& maps : kMaps) {
      const std::vector<T> x = random_values<T>(maps.count(), 1, -kRange / 2, kRange / 2);
      const std::vector<T> d_y = random_values<T>(maps.count(), 2);
      std::vector<T> expected(x.size()), expected_d_x(x.size());
      cpu::softmax(x.data(), expected.data(), maps);
      cpu::softmax_backward(d_y.data(), expected.data(), expected_d_x.data(), maps);
      const Gradient gradient = naive_backward(maps, d_y, expected);

      DeviceBuffer<T> in(x, 1), out(expected), d_out(d_y);
      auto y = DeviceBuffer<T>::unwritten(x.size());
      auto d_x = DeviceBuffer<T>::unwritten(x.size(), 1);
      cuda::softmax(nullptr, in.data(), y.data(), maps);
      cuda::softmax_backward(nullptr, d_out.data(), out.data(), d_x.data(), maps);
      expect_near(y.host(), expected, [&](std::size_t i) {
        const double v = to_double(expected[i]);
        return 2 * (relative(maps) * v + rounding<T>(v));
      });
      expect_near(d_x.host(), expected_d_x, [&](std::size_t i) {
        return 2 * (gradient.bound[i] + rounding<T>(gradient.value[i]));
      });
    }
  });
}

}  // namespace
}  // namespace phosphene::kernels::testing
