#include "kernels/activation.hpp"

#include "tests/kernels/kernel_test.hpp"

namespace phosphene::kernels::testing {
namespace {

constexpr float kSlope = 0.1F, kAlpha = 1.3F;

template <class T, class F>
std::vector<double> naive(const std::vector<T>& a, const std::vector<T>& b, F f) {
  std::vector<double> y(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) y[i] = f(to_double(a[i]), to_double(b[i]));
  return y;
}

// At most `roundings` in float, each relative to the result, then one to T.
template <class T>
std::function<double(std::size_t)> relative(const std::vector<double>& y, double roundings) {
  return [&y, roundings](std::size_t i) {
    return roundings * rounding<float>(y[i]) + rounding<T>(y[i]);
  };
}

template <class T>
std::vector<double> as_double(const std::vector<T>& x) {
  std::vector<double> y;
  for (const T v : x) y.push_back(to_double(v));
  return y;
}

CPU_TEST(Activation, follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const std::int64_t count : kCounts) {
      const auto x = rarely_awkward_values<T>(count, 1, -4, 4), d = random_values<T>(count, 2);
      std::vector<T> y(x.size());
      cpu::leaky_relu(x.data(), y.data(), count, kSlope);
      auto expected = naive(x, x, [](double v, double) { return v > 0 ? v : kSlope * v; });
      expect_near(y, expected, relative<T>(expected, 1));

      cpu::leaky_relu_backward(d.data(), x.data(), y.data(), count, kSlope);
      expected = naive(d, x, [](double g, double v) { return v > 0 ? g : kSlope * g; });
      expect_near(y, expected, relative<T>(expected, 1));

      cpu::elu(x.data(), y.data(), count, kAlpha);  // expm1 within 2 roundings, and a product
      expected = naive(x, x, [](double v, double) { return v > 0 ? v : kAlpha * std::expm1(v); });
      expect_near(y, expected, relative<T>(expected, 3));

      cpu::elu_backward(d.data(), x.data(), y.data(), count, kAlpha);
      expected = naive(d, x, [](double g, double v) { return v > 0 ? g : g * (v + kAlpha); });
      expect_near(y, expected, relative<T>(expected, 2));
    }
  });
}

CPU_TEST(Activation, nan_stays_and_minus_infinity_saturates) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float x[] = {std::numeric_limits<float>::quiet_NaN(), -infinity, infinity, 0.0F};
  float y[4];
  cpu::elu(x, y, 4, kAlpha);
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], -kAlpha);
  EXPECT_EQ(y[2], infinity);
  EXPECT_EQ(y[3], 0.0F);
  cpu::leaky_relu(x, y, 4, kSlope);
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], -infinity);
}

DEVICE_TEST(Activation, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const std::int64_t count : kCounts) {
      for (const std::size_t offset : kOffsets) {
        const auto x = awkward_values<T>(count, 1), d = random_values<T>(count, 2);
        std::vector<T> expected(x.size());
        DeviceBuffer<T> in(x, offset), d_y(d, offset);
        auto out = DeviceBuffer<T>::unwritten(x.size(), offset);

        cpu::leaky_relu(x.data(), expected.data(), count, kSlope);
        cuda::leaky_relu(nullptr, in.data(), out.data(), count, kSlope);
        expect_same(out.host(), expected);

        cpu::leaky_relu_backward(d.data(), x.data(), expected.data(), count, kSlope);
        cuda::leaky_relu_backward(nullptr, d_y.data(), in.data(), out.data(), count, kSlope);
        expect_same(out.host(), expected);

        cpu::elu_backward(d.data(), x.data(), expected.data(), count, kAlpha);
        cuda::elu_backward(nullptr, d_y.data(), in.data(), out.data(), count, kAlpha);
        expect_same(out.host(), expected);

        cpu::elu(x.data(), expected.data(), count, kAlpha);  // in place; two expm1, two storages
        cuda::elu(nullptr, in.data(), in.data(), count, kAlpha);
        const auto y = as_double(expected);
        const auto tolerance = relative<T>(y, 3);
        expect_near(in.host(), expected, [&](std::size_t k) { return 2 * tolerance(k); });
      }
    }
  });
}

}  // namespace
}  // namespace phosphene::kernels::testing
