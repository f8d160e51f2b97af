#include "kernels/relu.hpp"

#include "tests/kernels/kernel_test.hpp"

// Nothing is rounded, so every comparison is exact.
namespace phosphene::kernels::testing {
namespace {

constexpr ReluRule kRules[] = {ReluRule::standard, ReluRule::deconvnet, ReluRule::guided};

std::size_t words(std::int64_t count) { return static_cast<std::size_t>(mask_words(count)); }

template <class T>
std::vector<std::uint32_t> naive_mask(const std::vector<T>& x) {
  std::vector<std::uint32_t> mask(words(static_cast<std::int64_t>(x.size())), 0U);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (to_double(x[i]) > 0) mask[i / 32] |= 1U << i % 32;
  }
  return mask;
}

template <class T>
std::vector<T> naive_backward(const std::vector<T>& x, const std::vector<T>& d_y, ReluRule rule) {
  std::vector<T> d_x(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool input = to_double(x[i]) > 0, gradient = to_double(d_y[i]) > 0;
    const bool pass = rule == ReluRule::standard    ? input
                      : rule == ReluRule::deconvnet ? gradient
                                                    : input && gradient;
    d_x[i] = pass ? d_y[i] : from_float<T>(0);
  }
  return d_x;
}

CPU_TEST(Relu, follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const std::int64_t count : kCounts) {
      const std::vector<T> x = awkward_values<T>(count, 1), d_y = awkward_values<T>(count, 3);
      std::vector<T> expected = x;
      for (T& v : expected) {
        if (to_double(v) <= 0) v = from_float<T>(0);
      }
      std::vector<T> y(x.size());
      std::vector<std::uint32_t> mask(words(count), ~0U);
      cpu::relu(x.data(), y.data(), mask.data(), count);
      expect_same(y, expected);
      expect_same(mask, naive_mask(x));

      std::vector<std::uint32_t> alone(words(count), ~0U);
      cpu::positive_mask(y.data(), alone.data(), count);
      expect_same(alone, mask);

      std::vector<T> in_place = x;
      cpu::relu(in_place.data(), in_place.data(), nullptr, count);
      expect_same(in_place, expected);

      for (const ReluRule rule : kRules) {
        std::vector<T> d_x = d_y;
        cpu::relu_backward(d_x.data(), rule == ReluRule::deconvnet ? nullptr : mask.data(),
                           d_x.data(), count, rule);
        expect_same(d_x, naive_backward(x, d_y, rule));
      }
    }
  });
}

DEVICE_TEST(Relu, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const std::int64_t count : kCounts) {
      for (const std::size_t offset : kOffsets) {
        const std::vector<T> x = awkward_values<T>(count, 1), d_y = awkward_values<T>(count, 3);
        std::vector<T> expected(x.size());
        std::vector<std::uint32_t> expected_mask(words(count));
        cpu::relu(x.data(), expected.data(), expected_mask.data(), count);

        DeviceBuffer<T> in(x, offset);
        auto y = DeviceBuffer<T>::unwritten(x.size(), offset);
        auto mask = DeviceBuffer<std::uint32_t>::unwritten(words(count));
        cuda::relu(nullptr, in.data(), y.data(), mask.data(), count);
        expect_same(y.host(), expected);
        expect_same(mask.host(), expected_mask);

        auto alone = DeviceBuffer<std::uint32_t>::unwritten(words(count));
        cuda::positive_mask(nullptr, y.data(), alone.data(), count);
        expect_same(alone.host(), expected_mask);

        cuda::relu<T>(nullptr, in.data(), in.data(), nullptr, count);
        expect_same(in.host(), expected);

        for (const ReluRule rule : kRules) {
          const bool masked = rule != ReluRule::deconvnet;
          std::vector<T> expected_d_x(x.size());
          cpu::relu_backward(d_y.data(), expected_mask.data(), expected_d_x.data(), count, rule);
          DeviceBuffer<T> d_x(d_y, offset);
          cuda::relu_backward(nullptr, d_x.data(), masked ? mask.data() : nullptr, d_x.data(),
                              count, rule);
          expect_same(d_x.host(), expected_d_x);
        }
      }
    }
  });
}

}  // namespace
}  // namespace phosphene::kernels::testing
