#include "kernels/reduce.hpp"

#include "tests/kernels/kernel_test.hpp"

namespace phosphene::kernels::testing {
namespace {

// On the CPU blocks are summed in double, rounded to float and summed again: two roundings. On a
// device a term meets its product, 4 additions within the pack, at most 4 packs a thread at these
// counts, 10 additions in the block and 4 + 10 among the blocks: 33. Bounds are relative to the
// sum of magnitudes.
constexpr double kCpuRoundings = 2, kDeviceRoundings = 33;

constexpr double kRoundings = (kCpuRoundings + kDeviceRoundings) * kRoundoff<float>;

struct Sums {
  double sum = 0, magnitude = 0;
};
Sums naive_dot(const std::vector<float>& x, const std::vector<float>& y) {
  Sums sums;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sums.sum += double{x[i]} * y[i];
    sums.magnitude += std::abs(double{x[i]} * y[i]);
  }
  return sums;
}

std::vector<float> scratch() { return std::vector<float>(kReductionScratch); }

// So many that some threads of a device take a second pack.
constexpr std::int64_t kMany = 1100003;

CPU_TEST(Reduce, follows_the_formula) {
  std::vector<std::int64_t> counts = kCounts;
  counts.push_back(kMany);
  for (const std::int64_t count : counts) {
    const auto x = random_values<float>(count, 5), y = random_values<float>(count, 6);
    const Sums expected = naive_dot(x, y);
    std::vector<float> partial = scratch();
    float result = -1;
    cpu::dot(x.data(), y.data(), count, partial.data(), &result);
    EXPECT_NEAR(result, expected.sum, kCpuRoundings * kRoundoff<float> * expected.magnitude);
    double magnitude = 0;
    for (const float v : x) magnitude += std::abs(v);
    cpu::abs_sum(x.data(), count, partial.data(), &result);
    EXPECT_NEAR(result, magnitude, kCpuRoundings * kRoundoff<float> * magnitude);
  }
}

// An infinity among magnitudes, and two that cancel in a dot product.
struct Infinite {
  std::vector<float> x = random_values<float>(20011, 5), ones = std::vector<float>(20011, 1.0F);
  Infinite() {
    x[7] = INFINITY;
    x[20010] = -INFINITY;
  }
};

CPU_TEST(Reduce, infinities_show) {
  const Infinite sums;
  std::vector<float> partial = scratch();
  float result = 0;
  cpu::abs_sum(sums.x.data(), 20011, partial.data(), &result);
  EXPECT_EQ(result, INFINITY);
  cpu::dot(sums.x.data(), sums.ones.data(), 20011, partial.data(), &result);
  EXPECT_TRUE(std::isnan(result));
}

DEVICE_TEST(Reduce, infinities_show) {
  const Infinite sums;
  DeviceBuffer<float> x(sums.x), ones(sums.ones), result({0.0F});
  auto space = DeviceBuffer<float>::unwritten(kReductionScratch);
  cuda::abs_sum(nullptr, x.data(), 20011, space.data(), result.data());
  EXPECT_EQ(result.host()[0], INFINITY);
  cuda::dot(nullptr, x.data(), ones.data(), 20011, space.data(), result.data());
  EXPECT_TRUE(std::isnan(result.host()[0]));
}

CPU_TEST(Reduce, a_nan_anywhere_shows) {
  std::vector<float> x = random_values<float>(20011, 5), partial = scratch();
  x[19999] = std::numeric_limits<float>::quiet_NaN();
  float result = 0;
  cpu::abs_sum(x.data(), 20011, partial.data(), &result);
  EXPECT_TRUE(std::isnan(result));
}

DEVICE_TEST(Reduce, agrees_with_the_cpu) {
  for (const std::int64_t count : kCounts) {
    for (const std::size_t offset : kOffsets) {
      const auto x = random_values<float>(count, 5), y = random_values<float>(count, 6);
      std::vector<float> partial = scratch();
      DeviceBuffer<float> a(x, offset), b(y, offset);
      auto result = DeviceBuffer<float>::unwritten(1);
      auto space = DeviceBuffer<float>::unwritten(kReductionScratch);
      float expected = 0;
      cpu::dot(x.data(), y.data(), count, partial.data(), &expected);
      cuda::dot(nullptr, a.data(), b.data(), count, space.data(), result.data());
      EXPECT_NEAR(result.host()[0], expected, kRoundings * naive_dot(x, y).magnitude);

      cpu::abs_sum(x.data(), count, partial.data(), &expected);
      cuda::abs_sum(nullptr, a.data(), count, space.data(), result.data());
      EXPECT_NEAR(result.host()[0], expected, kRoundings * expected);
      const float first = result.host()[0];
      cuda::abs_sum(nullptr, a.data(), count, space.data(), result.data());
      EXPECT_EQ(result.host()[0], first);  // bit for bit
    }
  }
}

DEVICE_TEST(Reduce, strides_over_its_grid) {
  const auto x = random_values<float>(kMany, 5), y = random_values<float>(kMany, 6);
  std::vector<float> partial = scratch();
  float expected = 0;
  cpu::dot(x.data(), y.data(), kMany, partial.data(), &expected);
  DeviceBuffer<float> a(x), b(y);
  auto result = DeviceBuffer<float>::unwritten(1);
  auto space = DeviceBuffer<float>::unwritten(kReductionScratch);
  cuda::dot(nullptr, a.data(), b.data(), kMany, space.data(), result.data());
  EXPECT_NEAR(result.host()[0], expected, kRoundings * naive_dot(x, y).magnitude);
}

DEVICE_TEST(Reduce, a_nan_anywhere_shows) {
  std::vector<float> x = random_values<float>(20011, 5);
  x[19999] = std::numeric_limits<float>::quiet_NaN();
  DeviceBuffer<float> a(x), result({0.0F});
  auto space = DeviceBuffer<float>::unwritten(kReductionScratch);
  cuda::abs_sum(nullptr, a.data(), 20011, space.data(), result.data());
  EXPECT_TRUE(std::isnan(result.host()[0]));
}

}  // namespace
}  // namespace phosphene::kernels::testing
