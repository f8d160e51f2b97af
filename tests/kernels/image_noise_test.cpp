#include "kernels/image_noise.hpp"

#include "kernels/normal_noise.hpp"
#include "tests/kernels/kernel_test.hpp"

// The words are whole numbers and the uniform number is exact, so that one product and one sum are
// rounded, or contracted. What a normal number is off by: normal_noise_test.cpp.
namespace phosphene::kernels::testing {
namespace {

constexpr std::int64_t kImages = 5;
constexpr std::uint64_t kSeed = 0x0123456789abcdefULL;
const std::vector<ImageKey> kKeyList = {
    {7, 0}, {7, 1}, {8, 0}, {0xfedcba9876543210ULL, ~0U}, {9, 3}};
const std::vector<float> kScale = {1, 0.25F, 8.0F / 255, 2, 0};

NoiseKey key_of(std::size_t image) {
  return {kSeed, kKeyList[image].image, kKeyList[image].sample};
}

CPU_TEST(ImageNoise, uniform_follows_the_formula) {
  for (const std::int64_t count : kCounts) {
    const std::vector<float> x = rarely_awkward_values<float>(kImages * count, 1);
    std::vector<float> y(x.size());
    cpu::image_uniform_noise(x.data(), kScale.data(), y.data(), kImages, count, kSeed,
                             kKeyList.data());
    std::vector<double> expected;
    for (std::size_t k = 0; k < x.size(); ++k) {
      const std::size_t i = k / static_cast<std::size_t>(count);
      const auto element = static_cast<std::int64_t>(k) % count;
      expected.push_back(x[k] + kScale[i] * (2.0 * uniform_noise(key_of(i), element) - 1));
    }
    expect_near(y, expected,
                [&](std::size_t k) { return 2 * rounding<float>(std::abs(x[k]) + 2); });
  }
}

// Each image is what kernels/normal_noise.hpp gives of its key.
CPU_TEST(ImageNoise, normal_is_that_of_one_image) {
  for (const std::int64_t count : kCounts) {
    const std::vector<float> x = rarely_awkward_values<float>(kImages * count, 1);
    std::vector<float> y(x.size()), expected(x.size());
    cpu::image_normal_noise(x.data(), kScale.data(), y.data(), kImages, count, kSeed,
                            kKeyList.data());
    for (std::size_t i = 0; i < kImages; ++i) {
      const std::size_t at = i * static_cast<std::size_t>(count);
      cpu::add_normal_noise(x.data() + at, expected.data() + at, count, kScale[i], key_of(i));
    }
    expect_near(y, expected,
                [&](std::size_t k) { return 2 * rounding<float>(std::abs(x[k]) + 12); });
  }
}

// 2^16 numbers of a uniform distribution on [-1, 1): the mean is off by sqrt(1/3) / 256, the
// second moment by sqrt(4/45) / 256; five times of which are allowed.
CPU_TEST(ImageNoise, is_uniform_in_the_ball_and_keyed) {
  constexpr std::int64_t kCount = 1 << 16;
  const std::vector<float> zero(2 * kCount), one = {1, 1};
  std::vector<float> y(zero.size());
  const ImageKey keys[] = {{1, 0}, {2, 0}};
  cpu::image_uniform_noise(zero.data(), one.data(), y.data(), 2, kCount, 1, keys);
  double mean = 0, square = 0, across = 0;
  for (std::size_t k = 0; k < kCount; ++k) {
    ASSERT_GE(y[k], -1);
    ASSERT_LT(y[k], 1);
    mean += y[k] / double{kCount};
    square += double{y[k]} * y[k] / kCount;
    across += double{y[k]} * y[k + kCount] / kCount;
  }
  EXPECT_NEAR(mean, 0, 5 * std::sqrt(1.0 / 3) / 256);
  EXPECT_NEAR(square, 1.0 / 3, 5 * std::sqrt(4.0 / 45) / 256);
  EXPECT_NEAR(across, 0, 5.0 / 3 / 256);
}

DEVICE_TEST(ImageNoise, agrees_with_the_cpu) {
  for (const std::int64_t count : kCounts) {
    if (count > 5003) continue;
    const std::vector<float> x = rarely_awkward_values<float>(kImages * count, 1);
    for (const std::size_t offset : kOffsets) {
      DeviceBuffer<float> scale(kScale);
      const auto bound = [&](std::size_t k) {
        return 2 * 128 * 0x1p-24 * 2 + 2 * rounding<float>(std::abs(x[k]) + 12);
      };
      for (const bool normal : {false, true}) {
        std::vector<float> expected(x.size());
        DeviceBuffer<float> y(x, offset);
        if (normal) {
          cpu::image_normal_noise(x.data(), kScale.data(), expected.data(), kImages, count, kSeed,
                                  kKeyList.data());
          cuda::image_normal_noise(nullptr, y.data(), scale.data(), y.data(), kImages, count, kSeed,
                                   kKeyList.data());
        } else {
          cpu::image_uniform_noise(x.data(), kScale.data(), expected.data(), kImages, count, kSeed,
                                   kKeyList.data());
          cuda::image_uniform_noise(nullptr, y.data(), scale.data(), y.data(), kImages, count,
                                    kSeed, kKeyList.data());
        }
        expect_near(y.host(), expected, bound);
      }
    }
  }
}

// More images than one launch has keys for.
DEVICE_TEST(ImageNoise, takes_many_images) {
  constexpr std::int64_t kMany = 211, kCount = 5;
  const std::vector<float> zero(kMany * kCount), one(kMany, 1);
  std::vector<ImageKey> keys;
  for (std::uint32_t i = 0; i < kMany; ++i) keys.push_back({i * 3, i});
  std::vector<float> expected(zero.size());
  cpu::image_uniform_noise(zero.data(), one.data(), expected.data(), kMany, kCount, 1, keys.data());
  DeviceBuffer<float> x(zero), scale(one);
  auto y = DeviceBuffer<float>::unwritten(zero.size());
  cuda::image_uniform_noise(nullptr, x.data(), scale.data(), y.data(), kMany, kCount, 1,
                            keys.data());
  expect_same(y.host(), expected);
}

}  // namespace
}  // namespace phosphene::kernels::testing
