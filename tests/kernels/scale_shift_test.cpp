#include "kernels/scale_shift.hpp"

#include "tests/kernels/kernel_test.hpp"
#include "tests/kernels/maps_cases.hpp"

// Two roundings in float, each at most 2^-24 of |a x| + |b|, and one to T.
namespace phosphene::kernels::testing {
namespace {

CPU_TEST(ScaleShift, follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps& maps : kMaps) {
      const std::vector<float> a = random_values<float>(maps.c, 11),
                               b = random_values<float>(maps.c, 12);
      const std::vector<T> x = rarely_awkward_values<T>(maps.count(), 1);
      std::vector<T> y = x, d_x(x.size());
      cpu::scale_shift(y.data(), y.data(), maps, a.data(), b.data());  // in place
      cpu::scale_shift_backward(x.data(), d_x.data(), maps, a.data());
      std::vector<double> expected, expected_d_x;
      for_each_element(maps, [&](std::int64_t n, std::int64_t i, std::int64_t j, std::int64_t c) {
        const auto channel = static_cast<std::size_t>(c);
        const double product = a[channel] * to_double(x[index_of(maps, n, i, j, c)]);
        expected_d_x.push_back(product);
        expected.push_back(product + b[channel]);
      });
      expect_near(y, expected, [&](std::size_t i) {
        return 2 * 0x1p-24 * (std::abs(expected_d_x[i]) + std::abs(expected[i])) +
               rounding<T>(expected[i]);
      });
      expect_near(d_x, expected_d_x, [&](std::size_t i) {
        return rounding<float>(expected_d_x[i]) + rounding<T>(expected_d_x[i]);
      });
    }
  });
}

DEVICE_TEST(ScaleShift, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps& maps : kMaps) {
      const std::vector<float> a = random_values<float>(maps.c, 11),
                               b = random_values<float>(maps.c, 12);
      const std::vector<T> x = awkward_values<T>(maps.count(), 1);
      std::vector<T> expected(x.size()), expected_d_x(x.size());
      cpu::scale_shift(x.data(), expected.data(), maps, a.data(), b.data());
      cpu::scale_shift_backward(x.data(), expected_d_x.data(), maps, a.data());
      for (const std::size_t offset : kOffsets) {
        DeviceBuffer<float> scale(a), shift(b);
        DeviceBuffer<T> in(x, offset), y(x, offset);
        auto d_x = DeviceBuffer<T>::unwritten(x.size(), offset);
        cuda::scale_shift(nullptr, y.data(), y.data(), maps, scale.data(), shift.data());
        cuda::scale_shift_backward(nullptr, in.data(), d_x.data(), maps, scale.data());
        expect_near(y.host(), expected, [&](std::size_t i) {
          return 4 * 0x1p-24 * (std::abs(to_double(expected_d_x[i])) + 1) +
                 2 * kRoundoff<T> * std::abs(to_double(expected[i]));
        });
        expect_same(d_x.host(), expected_d_x);
      }
    }
  });
}

}  // namespace
}  // namespace phosphene::kernels::testing
