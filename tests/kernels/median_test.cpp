#include "kernels/median.hpp"

#include "tests/kernels/kernel_test.hpp"

// Values are moved, so the median is exact; a gathered sum has at most 49 terms of at most 1.
namespace phosphene::kernels::testing {
namespace {

struct Case {
  std::int64_t planes, h, w;
  int size;
};
const std::vector<Case> kCases = {{0, 3, 3, 3}, {2, 0, 4, 3},  {1, 1, 1, 3},  {2, 2, 1, 5},
                                  {3, 7, 5, 3}, {2, 13, 9, 5}, {1, 17, 33, 7}};

/// Coarse values, so that many are equal.
std::vector<float> pixels(const Case& c) {
  std::vector<float> x = random_values<float>(c.planes * c.h * c.w, 1);
  for (std::size_t i = 0; i < x.size(); i += 2) x[i] = std::round(x[i] * 4) / 4;
  return x;
}

std::int64_t mirrored(std::int64_t i, std::int64_t n) {
  while (i < 0 || i >= n) i = i < 0 ? -1 - i : 2 * n - 1 - i;
  return i;
}

CPU_TEST(Median, is_the_middle_of_the_sorted_window) {
  for (const Case& c : kCases) {
    const std::vector<float> x = pixels(c);
    std::vector<float> y(x.size()), expected;
    std::vector<std::int32_t> choice(x.size());
    cpu::median(x.data(), c.size, choice.data(), y.data(), c.planes, c.h, c.w);
    for (std::int64_t p = 0; p < c.planes * c.h * c.w; ++p) {
      const std::int64_t plane = p / (c.h * c.w) * c.h * c.w, i = p % (c.h * c.w) / c.w,
                         j = p % c.w;
      std::vector<float> window;
      for (std::int64_t a = i - c.size / 2; a <= i + c.size / 2; ++a) {
        for (std::int64_t b = j - c.size / 2; b <= j + c.size / 2; ++b) {
          window.push_back(
              x[static_cast<std::size_t>(plane + mirrored(a, c.h) * c.w + mirrored(b, c.w))]);
        }
      }
      std::sort(window.begin(), window.end());
      expected.push_back(window[window.size() / 2]);
      const auto chosen = static_cast<std::size_t>(plane + choice[static_cast<std::size_t>(p)]);
      EXPECT_EQ(x[chosen], expected.back());
    }
    expect_near(y, expected, [](std::size_t) { return 0.0; });  // either zero
  }
}

CPU_TEST(Median, hands_the_gradient_to_the_pixel_it_took) {
  for (const Case& c : kCases) {
    const std::vector<float> x = pixels(c), d_y = random_values<float>(c.planes * c.h * c.w, 2);
    std::vector<float> y(x.size()), d_x(x.size());
    std::vector<std::int32_t> choice(x.size());
    cpu::median(x.data(), c.size, choice.data(), y.data(), c.planes, c.h, c.w);
    cpu::median_backward(choice.data(), d_y.data(), c.size, d_x.data(), c.planes, c.h, c.w);
    std::vector<double> expected(x.size());
    for (std::size_t p = 0; p < x.size(); ++p) {
      const auto plane = static_cast<std::int64_t>(p) / (c.h * c.w) * c.h * c.w;
      expected[static_cast<std::size_t>(plane + choice[p])] += d_y[p];
    }
    expect_near(d_x, expected, [](std::size_t) { return 49 * 49 * 0x1p-24; });
  }
}

CPU_TEST(Median, a_window_of_nan_leaves_the_pixel) {
  const std::vector<float> x(9, NAN);
  std::vector<float> y(9);
  std::vector<std::int32_t> choice(9);
  cpu::median(x.data(), 3, choice.data(), y.data(), 1, 3, 3);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_TRUE(std::isnan(y[i]));
    EXPECT_EQ(choice[i], static_cast<std::int32_t>(i));
  }
}

DEVICE_TEST(Median, agrees_with_the_cpu) {
  for (const Case& c : kCases) {
    const std::vector<float> x = pixels(c);
    std::vector<float> y(x.size()), d_x(x.size());
    std::vector<std::int32_t> choice(x.size());
    cpu::median(x.data(), c.size, choice.data(), y.data(), c.planes, c.h, c.w);
    cpu::median_backward(choice.data(), x.data(), c.size, d_x.data(), c.planes, c.h, c.w);
    DeviceBuffer<float> in(x, 1);
    auto chosen = DeviceBuffer<std::int32_t>::unwritten(x.size());
    auto out = DeviceBuffer<float>::unwritten(x.size()),
         back = DeviceBuffer<float>::unwritten(x.size());
    cuda::median(nullptr, in.data(), c.size, chosen.data(), out.data(), c.planes, c.h, c.w);
    cuda::median_backward(nullptr, chosen.data(), in.data(), c.size, back.data(), c.planes, c.h,
                          c.w);
    expect_same(chosen.host(), choice);
    expect_same(out.host(), y);
    expect_same(back.host(), d_x);
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
