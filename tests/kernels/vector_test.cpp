#include "kernels/vector.hpp"

#include <algorithm>

#include "tests/kernels/kernel_test.hpp"

// One operation is one correctly rounded result, which the sum or product in double, rounded to
// float, gives exactly. Only axpy has two.
namespace phosphene::kernels::testing {
namespace {

constexpr float kA = -1.7F, kLow = -0.25F, kHigh = 0.5F;

template <class T>
T rounded(double x) {
  return from_float<T>(static_cast<float>(x));
}

float naive_clamp(float x) { return std::isnan(x) ? x : std::min(std::max(x, kLow), kHigh); }

// y + a x: the product is rounded, then the sum; or, contracted, the sum alone.
std::function<double(std::size_t)> axpy_tolerance(const std::vector<float>& x,
                                                  const std::vector<float>& y) {
  return [&](std::size_t i) {
    const double product = double{kA} * x[i];
    return rounding<float>(product) + 2 * rounding<float>(std::abs(y[i]) + std::abs(product));
  };
}

CPU_TEST(Vector, follows_the_formula) {
  for (const std::int64_t count : kCounts) {
    const std::vector<float> x = awkward_values<float>(count, 2),
                             y = awkward_values<float>(count, 4);
    std::vector<float> actual(x.size()), expected(x.size(), 2.5F);
    cpu::fill(actual.data(), 2.5F, count);
    expect_same(actual, expected);

    for (std::size_t i = 0; i < x.size(); ++i) expected[i] = rounded<float>(double{kA} * x[i]);
    cpu::scale(kA, x.data(), actual.data(), count);
    expect_same(actual, expected);

    for (std::size_t i = 0; i < x.size(); ++i) expected[i] = rounded<float>(double{x[i]} * y[i]);
    actual = y;
    cpu::multiply(x.data(), actual.data(), count);
    expect_same(actual, expected);

    for (std::size_t i = 0; i < x.size(); ++i) expected[i] = naive_clamp(x[i]);
    cpu::clamp(x.data(), actual.data(), kLow, kHigh, count);
    expect_same(actual, expected);
  }
}

CPU_TEST(Vector, adds_in_either_storage) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const std::int64_t count : kCounts) {
      const std::vector<T> x = awkward_values<T>(count, 2), y = awkward_values<T>(count, 4);
      std::vector<T> actual = y, expected = y;
      cpu::add(x.data(), actual.data(), count);
      for (std::size_t i = 0; i < x.size(); ++i) {
        expected[i] = rounded<T>(to_double(x[i]) + to_double(y[i]));
      }
      expect_same(actual, expected);
    }
  });
}

CPU_TEST(Vector, axpy) {
  for (const std::int64_t count : kCounts) {
    const std::vector<float> x = random_values<float>(count, 2), y = random_values<float>(count, 4);
    std::vector<float> actual = y;
    std::vector<double> expected(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) expected[i] = y[i] + double{kA} * x[i];
    cpu::axpy(kA, x.data(), actual.data(), count);
    expect_near(actual, expected, axpy_tolerance(x, y));
  }
}

CPU_TEST(Vector, convert_rounds_to_nearest_even) {
  std::vector<bf16> all(1 << 16);
  for (std::size_t i = 0; i < all.size(); ++i) all[i].bits = static_cast<std::uint16_t>(i);
  std::vector<float> wide(all.size());
  std::vector<bf16> back(all.size());
  const auto count = static_cast<std::int64_t>(all.size());
  cpu::convert(all.data(), wide.data(), count);
  cpu::convert(wide.data(), back.data(), count);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (std::isnan(wide[i])) {
      EXPECT_TRUE(std::isnan(to_float(back[i]))) << i;
      continue;
    }
    ASSERT_EQ(back[i].bits, all[i].bits);
    if ((i & 0x7fff) == 0x7f80) continue;       // nothing lies beyond infinity
    const auto half = [&](std::uint32_t low) {  // between this magnitude and the next
      return from_float<bf16>(std::bit_cast<float>((static_cast<std::uint32_t>(i) << 16) + low));
    };
    ASSERT_EQ(half(0x7fff).bits, i);
    ASSERT_EQ(half(0x8000).bits, i + i % 2);
    ASSERT_EQ(half(0x8001).bits, i + 1);
  }
}

DEVICE_TEST(Vector, agrees_with_the_cpu) {
  for (const std::int64_t count : kCounts) {
    for (const std::size_t offset : kOffsets) {
      const std::vector<float> values = awkward_values<float>(count, 2);
      std::vector<float> expected(values.size());
      DeviceBuffer<float> x(values, offset);
      auto y = DeviceBuffer<float>::unwritten(values.size(), offset);

      cuda::fill(nullptr, y.data(), 2.5F, count);
      cpu::fill(expected.data(), 2.5F, count);
      expect_same(y.host(), expected);

      cuda::scale(nullptr, kA, x.data(), y.data(), count);
      cpu::scale(kA, values.data(), expected.data(), count);
      expect_same(y.host(), expected);

      const std::vector<float> factors = awkward_values<float>(count, 4);
      DeviceBuffer<float> product(factors, offset);
      cuda::multiply(nullptr, x.data(), product.data(), count);
      expected = factors;
      cpu::multiply(values.data(), expected.data(), count);
      expect_same(product.host(), expected);

      cuda::clamp(nullptr, x.data(), x.data(), kLow, kHigh, count);
      cpu::clamp(values.data(), expected.data(), kLow, kHigh, count);
      expect_same(x.host(), expected);
    }
  }
}

DEVICE_TEST(Vector, adds_and_converts) {
  for (const std::int64_t count : kCounts) {
    for (const std::size_t offset : kOffsets) {
      for_each_storage([&](auto zero) {
        using T = decltype(zero);
        const std::vector<T> x = awkward_values<T>(count, 2), y = awkward_values<T>(count, 4);
        DeviceBuffer<T> in(x, offset), out(y, offset);
        std::vector<T> expected = y;
        cuda::add(nullptr, in.data(), out.data(), count);
        cpu::add(x.data(), expected.data(), count);
        expect_same(out.host(), expected);
      });
      const std::vector<float> wide = awkward_values<float>(count, 2);
      std::vector<bf16> narrow(wide.size());
      std::vector<float> back(wide.size());
      cpu::convert(wide.data(), narrow.data(), count);
      cpu::convert(narrow.data(), back.data(), count);
      DeviceBuffer<float> x(wide, offset);
      auto y = DeviceBuffer<bf16>::unwritten(wide.size(), offset);
      cuda::convert(nullptr, x.data(), y.data(), count);
      expect_same(y.host(), narrow);
      cuda::convert(nullptr, y.data(), x.data(), count);
      expect_same(x.host(), back);
    }
  }
}

DEVICE_TEST(Vector, axpy) {
  for (const std::int64_t count : kCounts) {
    for (const std::size_t offset : kOffsets) {
      const std::vector<float> x = random_values<float>(count, 2);
      const std::vector<float> y = random_values<float>(count, 4);
      std::vector<float> expected = y;
      DeviceBuffer<float> in(x, offset), out(y, offset);
      cpu::axpy(kA, x.data(), expected.data(), count);
      cuda::axpy(nullptr, kA, in.data(), out.data(), count);
      expect_near(out.host(), expected, axpy_tolerance(x, y));
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
