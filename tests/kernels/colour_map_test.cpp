#include "kernels/colour_map.hpp"

#include "tests/kernels/kernel_test.hpp"

// Four terms of at most 2 each are rounded as products and as sums: 8 roundings of at most 8. Where
// the value before the clamp lies within that of 0 or 1, the gradient may be either; the test's
// numbers keep away from there.
namespace phosphene::kernels::testing {
namespace {

constexpr double kRounded = 8 * 8 * 0x1p-24;

struct Case {
  std::int64_t n, pixels;
};
const std::vector<Case> kCases = {{0, 5}, {2, 0}, {1, 1}, {3, 7}, {2, 257}, {5, 1021}};

struct Picture {
  explicit Picture(Case c)
      : x(random_values<float>(c.n * 3 * c.pixels, 1, 0, 1)),
        d_y(random_values<float>(c.n * 3 * c.pixels, 2)),
        numbers(random_values<float>(c.n * kColourNumbers, 3, -0.8F, 1.5F)) {
    for (std::size_t i = 7; i < x.size(); i += 97) x[i] = 0;
  }
  std::vector<float> x, d_y, numbers;
};

CPU_TEST(ColourMap, follows_the_formula_and_so_does_its_gradient) {
  for (const Case& c : kCases) {
    const Picture p(c);
    std::vector<double> y(p.x.size()), d_x(p.x.size());
    for (std::int64_t i = 0; i < c.n; ++i) {
      for (std::int64_t at = 0; at < c.pixels; ++at) {
        const auto place = [&](std::int64_t channel) {
          return static_cast<std::size_t>((i * 3 + channel) * c.pixels + at);
        };
        const float* m = p.numbers.data() + i * kColourNumbers;
        for (std::int64_t to = 0; to < 3; ++to) {
          double v = m[9 + to];
          for (std::int64_t from = 0; from < 3; ++from) {
            v += static_cast<double>(m[3 * to + from]) * p.x[place(from)];
          }
          y[place(to)] = std::clamp(v, 0.0, 1.0);
          ASSERT_GT(std::min(std::abs(v), std::abs(v - 1)), kRounded);
          for (std::int64_t from = 0; from < 3 && v > 0 && v < 1; ++from) {
            d_x[place(from)] += static_cast<double>(m[3 * to + from]) * p.d_y[place(to)];
          }
        }
      }
    }
    std::vector<float> result(y.size()), gradient(y.size());
    cpu::colour_map(p.x.data(), p.numbers.data(), result.data(), c.n, c.pixels);
    cpu::colour_map_backward(p.x.data(), p.numbers.data(), p.d_y.data(), gradient.data(), c.n,
                             c.pixels);
    expect_near(result, y, [](std::size_t) { return kRounded; });
    expect_near(gradient, d_x, [](std::size_t) { return kRounded; });
  }
}

// The ends of the clamp belong to it, as where a black pixel is made brighter; a NaN is seen.
CPU_TEST(ColourMap, keeps_the_gradient_at_the_ends_and_a_nan) {
  std::vector<float> numbers(kColourNumbers, 0.0F);
  numbers[0] = numbers[4] = numbers[8] = 2;
  const std::vector<float> x = {0, 0.5F, 0.75F}, d_y = {1, 1, 1};
  std::vector<float> d_x(3), y(3);
  cpu::colour_map_backward(x.data(), numbers.data(), d_y.data(), d_x.data(), 1, 1);
  expect_same(d_x, {2, 2, 0});
  const std::vector<float> missing = {NAN, 0.25F, 0.25F};
  cpu::colour_map(missing.data(), numbers.data(), y.data(), 1, 1);
  EXPECT_TRUE(std::isnan(y[0]));
}

DEVICE_TEST(ColourMap, agrees_with_the_cpu) {
  for (const Case& c : kCases) {
    const Picture p(c);
    std::vector<float> y(p.x.size()), d_x(p.x.size());
    cpu::colour_map(p.x.data(), p.numbers.data(), y.data(), c.n, c.pixels);
    cpu::colour_map_backward(p.x.data(), p.numbers.data(), p.d_y.data(), d_x.data(), c.n, c.pixels);
    DeviceBuffer<float> x(p.x, 1), numbers(p.numbers), d_y(p.d_y);
    auto out = DeviceBuffer<float>::unwritten(y.size()),
         back = DeviceBuffer<float>::unwritten(y.size());
    cuda::colour_map(nullptr, x.data(), numbers.data(), out.data(), c.n, c.pixels);
    cuda::colour_map_backward(nullptr, x.data(), numbers.data(), d_y.data(), back.data(), c.n,
                              c.pixels);
    expect_near(out.host(), y, [](std::size_t) { return kRounded; });
    expect_near(back.host(), d_x, [](std::size_t) { return kRounded; });
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
