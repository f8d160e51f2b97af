#include "kernels/image_sums.hpp"

#include <algorithm>

#include "tests/kernels/kernel_test.hpp"

// Sums of `count` terms of magnitude up to s: each of at most count / 512 + 12 additions in a row
// rounds by u of the sum of magnitudes, and a term by 2 u more (the difference, the square).
namespace phosphene::kernels::testing {
namespace {

constexpr std::int64_t kImages = 3;

double relative(std::int64_t count) { return (static_cast<double>(count) / 512 + 16) * 0x1p-24; }

struct Sums {
  std::vector<double> value, bound;
};

/// Adds term(k) up over each image; the bound is relative to the terms' magnitudes.
template <class Term>
Sums naive(std::int64_t count, Term term) {
  Sums sums;
  for (std::int64_t i = 0; i < kImages; ++i) {
    double sum = 0, size = 0;
    for (std::int64_t k = i * count; k < (i + 1) * count; ++k) {
      sum += term(static_cast<std::size_t>(k));
      size += std::abs(term(static_cast<std::size_t>(k)));
    }
    sums.value.push_back(sum);
    sums.bound.push_back(relative(count) * size + 1e-30);
  }
  return sums;
}

struct Case {
  explicit Case(std::int64_t count)
      : x(random_values<float>(kImages * count, 1)), y(random_values<float>(kImages * count, 2)) {}
  std::vector<float> x, y;
};

CPU_TEST(ImageSums, follow_the_formula) {
  for (const std::int64_t count : kCounts) {
    const Case c(count);
    for (const bool two : {true, false}) {
      const auto d = [&](std::size_t k) {
        return two ? double{c.x[k]} - double{c.y[k]} : double{c.x[k]};
      };
      const Sums l1 = naive(count, [&](std::size_t k) { return std::abs(d(k)); });
      Sums l2 = naive(count, [&](std::size_t k) { return d(k) * d(k); });
      for (double& v : l2.value) v = std::sqrt(v);
      std::vector<float> result(kImages);
      const float* y = two ? c.y.data() : nullptr;
      cpu::image_norms(c.x.data(), y, ImageNorm::l1, kImages, count, result.data());
      expect_near(result, l1.value, [&](std::size_t i) { return l1.bound[i]; });
      cpu::image_norms(c.x.data(), y, ImageNorm::l2, kImages, count, result.data());
      expect_near(result, l2.value,
                  [&](std::size_t i) { return relative(count) * l2.value[i] + 1e-30; });
      cpu::image_norms(c.x.data(), y, ImageNorm::linf, kImages, count, result.data());
      for (std::size_t i = 0; i < kImages; ++i) {
        double largest = 0;
        for (std::size_t k = 0; k < static_cast<std::size_t>(count); ++k) {
          largest = std::max(largest, std::abs(d(i * static_cast<std::size_t>(count) + k)));
        }
        EXPECT_NEAR(result[i], largest, 2 * 0x1p-24);
      }
    }
    const Sums dots = naive(count, [&](std::size_t k) { return double{c.x[k]} * double{c.y[k]}; });
    std::vector<float> result(kImages);
    cpu::image_dots(c.x.data(), c.y.data(), kImages, count, result.data());
    expect_near(result, dots.value, [&](std::size_t i) { return dots.bound[i]; });
  }
}

CPU_TEST(ImageSums, a_nan_or_an_infinity_shows_in_its_own_image) {
  const std::vector<float> x = {1, NAN, 2, 3, -INFINITY, 4};
  for (const ImageNorm norm : {ImageNorm::l1, ImageNorm::l2, ImageNorm::linf}) {
    std::vector<float> result(3);
    cpu::image_norms(x.data(), nullptr, norm, 3, 2, result.data());
    EXPECT_TRUE(std::isnan(result[0]));
    EXPECT_TRUE(std::isfinite(result[1]));
    EXPECT_EQ(result[2], INFINITY);
  }
}

// An image's sum is the same bits alone and in company.
CPU_TEST(ImageSums, do_not_depend_on_the_batch) {
  const std::int64_t count = 5003;
  const Case c(count);
  std::vector<float> whole(kImages), one(1);
  for (const ImageNorm norm : {ImageNorm::l1, ImageNorm::l2, ImageNorm::linf}) {
    cpu::image_norms(c.x.data(), c.y.data(), norm, kImages, count, whole.data());
    for (std::size_t i = 0; i < kImages; ++i) {
      const std::size_t at = i * static_cast<std::size_t>(count);
      cpu::image_norms(c.x.data() + at, c.y.data() + at, norm, 1, count, one.data());
      EXPECT_EQ(one[0], whole[i]);
    }
  }
}

DEVICE_TEST(ImageSums, agree_with_the_cpu) {
  for (const std::int64_t count : kCounts) {
    if (count > 1021) continue;  // two rounds of the block
    for (const std::size_t offset : kOffsets) {
      Case c(count);
      if (count > 100) {
        c.x[3] = NAN;
        c.x[static_cast<std::size_t>(count) + 40] = -INFINITY;
      }
      DeviceBuffer<float> x(c.x, offset), y(c.y, offset);
      std::vector<float> expected(kImages);
      for (const ImageNorm norm : {ImageNorm::l1, ImageNorm::l2, ImageNorm::linf}) {
        auto result = DeviceBuffer<float>::unwritten(kImages, offset);
        cpu::image_norms(c.x.data(), c.y.data(), norm, kImages, count, expected.data());
        cuda::image_norms(nullptr, x.data(), y.data(), norm, kImages, count, result.data());
        expect_near(result.host(), expected, [&](std::size_t i) {
          return norm == ImageNorm::linf ? 0.0 : relative(count) * expected[i];
        });
      }
      auto result = DeviceBuffer<float>::unwritten(kImages, offset);
      cpu::image_dots(c.x.data(), c.y.data(), kImages, count, expected.data());
      cuda::image_dots(nullptr, x.data(), y.data(), kImages, count, result.data());
      expect_near(result.host(), expected,
                  [&](std::size_t) { return relative(count) * static_cast<double>(count); });
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
