#include "kernels/match.hpp"

#include "tests/kernels/kernel_test.hpp"

namespace phosphene::kernels::testing {
namespace {

constexpr float kS = 0.37F, kLossBefore = 0.5F;

template <class T>
struct Case {
  std::vector<T> x, target, d_before;
  explicit Case(std::int64_t count)
      : x(random_values<T>(count, 1)),
        target(random_values<T>(count, 2)),
        d_before(random_values<T>(count, 3)) {}

  double loss() const {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double difference = to_double(x[i]) - to_double(target[i]);
      sum += difference * difference;
    }
    return kLossBefore + double{kS} * sum;
  }
  double d_x(std::size_t i) const {
    return to_double(d_before[i]) + 2 * double{kS} * (to_double(x[i]) - to_double(target[i]));
  }
  // The difference, its product with 2 s and the sum are rounded, then the storage.
  double d_x_tolerance(std::size_t i) const {
    const double size = std::abs(to_double(d_before[i])) + 2 * kS * 2.0;
    return 3 * rounding<float>(size) + rounding<T>(std::abs(d_x(i)) + 3 * rounding<float>(size));
  }
};

// The terms are positive, so errors are relative to the loss: the difference counts twice (it is
// squared), then the sums as in reduce_test, the product with s and the addition to the loss.
constexpr double kCpuLoss = 2 + 2 + 2, kDeviceLoss = 2 + 37 + 2;

CPU_TEST(Match, follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const std::int64_t count : kCounts) {
      const Case<T> c(count);
      std::vector<T> d_x = c.d_before;
      std::vector<float> scratch(kReductionScratch);
      float loss = kLossBefore;
      cpu::match(c.x.data(), c.target.data(), kS, d_x.data(), count, scratch.data(), &loss);
      EXPECT_NEAR(loss, c.loss(), kCpuLoss * kRoundoff<float> * c.loss());
      std::vector<double> expected(d_x.size());
      for (std::size_t i = 0; i < d_x.size(); ++i) expected[i] = c.d_x(i);
      expect_near(d_x, expected, [&](std::size_t i) { return c.d_x_tolerance(i); });

      float alone = kLossBefore;
      cpu::match<T>(c.x.data(), c.target.data(), kS, nullptr, count, scratch.data(), &alone);
      EXPECT_EQ(alone, loss);
    }
  });
}

DEVICE_TEST(Match, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const std::int64_t count : kCounts) {
      for (const std::size_t offset : kOffsets) {
        const Case<T> c(count);
        std::vector<T> expected = c.d_before;
        std::vector<float> partial(kReductionScratch);
        float expected_loss = kLossBefore;
        cpu::match(c.x.data(), c.target.data(), kS, expected.data(), count, partial.data(),
                   &expected_loss);

        DeviceBuffer<T> x(c.x, offset), target(c.target, offset), d_x(c.d_before, offset);
        DeviceBuffer<float> loss({kLossBefore});
        auto scratch = DeviceBuffer<float>::unwritten(kReductionScratch);
        cuda::match(nullptr, x.data(), target.data(), kS, d_x.data(), count, scratch.data(),
                    loss.data());
        const double tolerance = (kCpuLoss + kDeviceLoss) * kRoundoff<float> * expected_loss;
        EXPECT_NEAR(loss.host()[0], expected_loss, tolerance);
        expect_near(d_x.host(), expected, [&](std::size_t i) { return 2 * c.d_x_tolerance(i); });

        cuda::match<T>(nullptr, x.data(), target.data(), kS, nullptr, count, scratch.data(),
                       loss.data());
        EXPECT_NEAR(loss.host()[0], 2 * expected_loss - kLossBefore, 3 * tolerance);
      }
    }
  });
}

// A NaN spoils its own gradient and the loss, and so does an infinity that meets another; negative
// zeros and denormals count as what they are.
constexpr std::int64_t kAwkward = 300;
struct Awkward {
  std::vector<float> x = random_values<float>(kAwkward, 1),
                     target = random_values<float>(kAwkward, 2);
  Awkward() {
    x[5] = NAN;
    x[270] = target[270] = INFINITY;
    x[271] = -INFINITY;
    x[272] = target[272] = -0.0F;
    x[273] = target[273] = 1e-40F;
  }
  static void expect(const std::vector<float>& d_x, float loss) {
    EXPECT_TRUE(std::isnan(loss));
    for (std::size_t i = 0; i < d_x.size(); ++i) {
      EXPECT_EQ(std::isnan(d_x[i]), i == 5 || i == 270) << i;
    }
    EXPECT_EQ(d_x[271], -INFINITY);
    EXPECT_EQ(d_x[272], 0);
    EXPECT_EQ(d_x[273], 0);
  }
};

CPU_TEST(Match, what_is_no_number_shows_where_it_is) {
  const Awkward c;
  std::vector<float> d_x(kAwkward), scratch(kReductionScratch);
  float loss = 0;
  cpu::match(c.x.data(), c.target.data(), kS, d_x.data(), kAwkward, scratch.data(), &loss);
  Awkward::expect(d_x, loss);
}

DEVICE_TEST(Match, what_is_no_number_shows_where_it_is) {
  const Awkward c;
  const std::vector<float> zeros(kAwkward);
  DeviceBuffer<float> x(c.x), target(c.target), loss({0.0F}), d_x(zeros);
  auto scratch = DeviceBuffer<float>::unwritten(kReductionScratch);
  cuda::match(nullptr, x.data(), target.data(), kS, d_x.data(), kAwkward, scratch.data(),
              loss.data());
  Awkward::expect(d_x.host(), loss.host()[0]);
}

}  // namespace
}  // namespace phosphene::kernels::testing
