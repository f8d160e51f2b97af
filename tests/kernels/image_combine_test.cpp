#include "kernels/image_combine.hpp"

#include "tests/kernels/kernel_test.hpp"

// Two products and a sum, each rounded once or contracted: 3 u of the terms' magnitudes; in
// accumulate 1 / norm is rounded too.
namespace phosphene::kernels::testing {
namespace {

constexpr std::int64_t kImages = 5;
constexpr double kUnit = 0x1p-24;

struct Case {
  explicit Case(std::int64_t count)
      : x(random_values<float>(kImages * count, 1)), y(random_values<float>(kImages * count, 2)) {
    // What a factor of 0 must not read.
    const auto each = static_cast<std::size_t>(count);
    for (std::size_t k = 1; k < each; k += 4) {
      x[each + k] = NAN;
      y[2 * each + k] = INFINITY;
      x[3 * each + k] = NAN;
      y[3 * each + k] = NAN;
    }
  }
  std::vector<float> x, y;
  std::vector<float> a = {0.3F, 0, -2, 0, 1.5F}, b = {0.7F, 1.1F, 0, 0, 1};
  std::vector<float> norms = {2.5F, 0, 4, NAN, INFINITY}, momentum = {0.5F, 1, 0, 0, 1};
  std::vector<float> chosen = {1, 0, 0, -1, NAN};
};

std::vector<double> combined(const std::vector<float>& a, const std::vector<float>& x,
                             const std::vector<float>& b, const std::vector<float>& y) {
  std::vector<double> result;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const std::size_t i = k / (x.size() / kImages);
    result.push_back((a[i] != 0 ? double{a[i]} * x[k] : 0) + (b[i] != 0 ? double{b[i]} * y[k] : 0));
  }
  return result;
}

CPU_TEST(ImageCombine, follows_the_formula) {
  for (const std::int64_t count : kCounts) {
    const Case c(count);
    const auto bound = [](std::size_t) { return 8 * kUnit; };
    std::vector<float> y = c.y;
    cpu::image_combine(c.a.data(), c.x.data(), c.b.data(), y.data(), kImages, count);
    expect_near(y, combined(c.a, c.x, c.b, c.y), bound);

    y = c.y;
    cpu::image_accumulate(c.x.data(), c.norms.data(), c.momentum.data(), y.data(), kImages, count);
    expect_near(y, combined({1 / 2.5F, 0, 0.25F, 0, 0}, c.x, c.momentum, c.y), bound);

    y = c.y;
    cpu::image_select(c.chosen.data(), c.x.data(), y.data(), kImages, count);
    for (std::size_t k = 0; k < y.size(); ++k) {
      const std::size_t i = k / static_cast<std::size_t>(count);
      const float expected = i == 0 || i > 2 ? c.x[k] : c.y[k];
      EXPECT_TRUE(y[k] == expected || (std::isnan(y[k]) && std::isnan(expected)));
    }
  }
}

DEVICE_TEST(ImageCombine, agrees_with_the_cpu) {
  for (const std::int64_t count : kCounts) {
    if (count > 5003) continue;
    for (const std::size_t offset : kOffsets) {
      const Case c(count);
      DeviceBuffer<float> a(c.a), b(c.b), x(c.x, offset), norms(c.norms), momentum(c.momentum),
          chosen(c.chosen);
      const auto bound = [](std::size_t) { return 16 * kUnit; };
      {
        std::vector<float> expected = c.y;
        DeviceBuffer<float> y(c.y, offset);
        cpu::image_combine(c.a.data(), c.x.data(), c.b.data(), expected.data(), kImages, count);
        cuda::image_combine(nullptr, a.data(), x.data(), b.data(), y.data(), kImages, count);
        expect_near(y.host(), expected, bound);
      }
      {
        std::vector<float> expected = c.y;
        DeviceBuffer<float> y(c.y, offset);
        cpu::image_accumulate(c.x.data(), c.norms.data(), c.momentum.data(), expected.data(),
                              kImages, count);
        cuda::image_accumulate(nullptr, x.data(), norms.data(), momentum.data(), y.data(), kImages,
                               count);
        expect_near(y.host(), expected, bound);
      }
      {
        std::vector<float> expected = c.y;
        DeviceBuffer<float> y(c.y, offset);
        cpu::image_select(c.chosen.data(), c.x.data(), expected.data(), kImages, count);
        cuda::image_select(nullptr, chosen.data(), x.data(), y.data(), kImages, count);
        expect_same(y.host(), expected);
      }
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
