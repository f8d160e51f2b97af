#include "kernels/normal_noise.hpp"

#include "kernels/philox.hpp"
#include "tests/kernels/kernel_test.hpp"

// In units of 2^-24: the angle, at most 2 pi, is rounded with the constant and by the product, so
// that the cosine is off by 2 x 6.3 and by its own 2; the logarithm's 2 and the root's 1 are
// relative; the radius is at most 5.8. So a normal number is off by 5.8 (12.6 + 2 + 3 + 1) < 110.
namespace phosphene::kernels::testing {
namespace {

constexpr double kNormal = 110 * 0x1p-24;
constexpr float kSigma = 0.3F;
constexpr NoiseKey kKey{0x0123456789abcdefULL, 0xfedcba9876543210ULL, 7};

std::function<double(std::size_t)> tolerance(const std::vector<float>& x) {
  return [&x](std::size_t i) {
    return double{kSigma} * (kNormal + 6 * 0x1p-24) + rounding<float>(std::abs(x[i]) + 2);
  };
}

std::vector<double> naive(const std::vector<float>& x, NoiseKey key) {
  std::vector<double> y;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const PhiloxWords words = philox(
        {{static_cast<std::uint32_t>(i / 4), key.sample, static_cast<std::uint32_t>(key.image),
          static_cast<std::uint32_t>(key.image >> 32)}},
        key.seed);
    const std::size_t pair = i % 4 / 2 * 2;
    const double u = ((words.v[pair] >> 8) + 1) * 0x1p-24, v = (words.v[pair + 1] >> 8) * 0x1p-24;
    const double angle = 2 * std::acos(-1.0) * v, radius = std::sqrt(-2 * std::log(u));
    y.push_back(x[i] + double{kSigma} * radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle)));
  }
  return y;
}

// The known answers of Random123's test suite (philox4x32, 10 rounds).
CPU_TEST(NormalNoise, philox_gives_the_published_words) {
  const auto expect = [](PhiloxWords counter, std::uint64_t key, PhiloxWords words) {
    const PhiloxWords actual = philox(counter, key);
    for (int k = 0; k < 4; ++k) EXPECT_EQ(actual.v[k], words.v[k]) << k;
  };
  expect({{0, 0, 0, 0}}, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  expect({{~0U, ~0U, ~0U, ~0U}}, ~std::uint64_t{0},
         {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  expect({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0a4093822ULL,
         {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

CPU_TEST(NormalNoise, follows_the_formula) {
  for (const std::int64_t count : kCounts) {
    const std::vector<float> x = rarely_awkward_values<float>(count, 1);
    std::vector<float> y(x.size());
    cpu::add_normal_noise(x.data(), y.data(), count, kSigma, kKey);
    expect_near(y, naive(x, kKey), tolerance(x));
  }
}

// 2^16 numbers: the mean is off by 1 / 256, the variance by sqrt 2 / 256, the fourth moment by
// sqrt 96 / 256, five times of which are allowed; images, samples and seeds are not correlated.
CPU_TEST(NormalNoise, is_normal_and_keyed) {
  constexpr std::int64_t kCount = 1 << 16;
  const std::vector<float> zero(kCount);
  const auto noise = [&](NoiseKey key) {
    std::vector<float> y(zero.size());
    cpu::add_normal_noise(zero.data(), y.data(), kCount, 1, key);
    return y;
  };
  const std::vector<float> y = noise({1, 2, 3});
  double mean = 0, variance = 0, fourth = 0;
  for (const float v : y) {
    mean += v / double{kCount};
    variance += double{v} * v / kCount;
    fourth += std::pow(double{v}, 4) / kCount;
  }
  EXPECT_NEAR(mean, 0, 5.0 / 256);
  EXPECT_NEAR(variance, 1, 5 * std::sqrt(2.0) / 256);
  EXPECT_NEAR(fourth, 3, 5 * std::sqrt(96.0) / 256);
  for (const NoiseKey key : {NoiseKey{2, 2, 3}, NoiseKey{1, 3, 3}, NoiseKey{1, 2, 4}}) {
    const std::vector<float> other = noise(key);
    double dot = 0;
    for (std::size_t i = 0; i < y.size(); ++i) dot += double{y[i]} * other[i] / kCount;
    EXPECT_NEAR(dot, 0, 5.0 / 256);
  }
}

DEVICE_TEST(NormalNoise, agrees_with_the_cpu) {
  for (const std::int64_t count : kCounts) {
    const std::vector<float> x = rarely_awkward_values<float>(count, 1);
    std::vector<float> expected(x.size());
    cpu::add_normal_noise(x.data(), expected.data(), count, kSigma, kKey);
    for (const std::size_t offset : kOffsets) {
      DeviceBuffer<float> y(x, offset);
      cuda::add_normal_noise(nullptr, y.data(), y.data(), count, kSigma, kKey);
      const auto one = tolerance(x);
      expect_near(y.host(), expected, [&](std::size_t i) { return 2 * one(i); });
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
