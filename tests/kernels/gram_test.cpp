#include "kernels/gram.hpp"

#include "tests/kernels/kernel_test.hpp"

namespace phosphene::kernels::testing {
namespace {

struct Shape {
  std::int64_t pixels, c;
};
// Below, at and past a tile of 64 channels; pixels that no slice or slab divides.
constexpr Shape kShapes[] = {{0, 3},    {1, 1},    {5, 1},     {7, 3},    {33, 31},
                             {128, 64}, {129, 65}, {150, 130}, {517, 67}, {2053, 16}};

struct Naive {
  std::vector<double> sum, magnitude;
};

template <class T>
Naive naive_gram(const std::vector<T>& f, Shape s) {
  const auto c = static_cast<std::size_t>(s.c);
  Naive g{std::vector<double>(c * c), std::vector<double>(c * c)};
  for (std::size_t p = 0; p < f.size() / c; ++p) {
    for (std::size_t i = 0; i < c; ++i) {
      for (std::size_t j = 0; j < c; ++j) {
        const double product = to_double(f[p * c + i]) * to_double(f[p * c + j]);
        g.sum[i * c + j] += product;
        g.magnitude[i * c + j] += std::abs(product);
      }
    }
  }
  return g;
}

// Every product and every addition to the sum of a slice rounds once, then every slice does: the
// classical bound, relative to the sum of magnitudes.
double gram_roundings(Shape s) {
  const std::int64_t slices = gram_slices(s.pixels, s.c);
  return static_cast<double>(s.pixels / slices + 2 + slices) * kRoundoff<float>;
}

CPU_TEST(Gram, slices_fill_a_gpu_and_stay_long) {
  EXPECT_EQ(gram_slices(512 * 512, 64), 512);  // a single square: only slices make blocks
  EXPECT_EQ(gram_slices(128 * 128, 256), 52);  // 10 squares
  EXPECT_EQ(gram_slices(32 * 32, 512), 8);     // 36 squares, and slices of 128 pixels
  EXPECT_EQ(gram_slices(1, 3), 1);
  EXPECT_EQ(gram_scratch(32 * 32, 512), 8 * 512 * 512);
}

CPU_TEST(Gram, follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Shape& s : kShapes) {
      const auto f = random_values<T>(s.pixels * s.c, 1);
      const Naive expected = naive_gram(f, s);
      std::vector<float> scratch(static_cast<std::size_t>(gram_scratch(s.pixels, s.c)), NAN);
      std::vector<float> g(expected.sum.size(), NAN);
      cpu::gram(f.data(), s.pixels, s.c, scratch.data(), g.data());
      expect_near(g, expected.sum,
                  [&](std::size_t i) { return gram_roundings(s) * expected.magnitude[i]; });
    }
  });
}

DEVICE_TEST(Gram, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Shape& s : kShapes) {
      const auto f = random_values<T>(s.pixels * s.c, 1);
      const Naive bound = naive_gram(f, s);
      const auto space = static_cast<std::size_t>(gram_scratch(s.pixels, s.c));
      std::vector<float> partial(space), expected(bound.sum.size());
      cpu::gram(f.data(), s.pixels, s.c, partial.data(), expected.data());
      DeviceBuffer<T> in(f, 1);
      auto scratch = DeviceBuffer<float>::unwritten(space);
      auto g = DeviceBuffer<float>::unwritten(expected.size());
      cuda::gram(nullptr, in.data(), s.pixels, s.c, scratch.data(), g.data());
      expect_near(g.host(), expected,
                  [&](std::size_t i) { return 2 * gram_roundings(s) * bound.magnitude[i]; });
    }
  });
}

constexpr float kFactor = 0.7F;

template <class T>
struct Backward {
  std::vector<T> f, before;
  std::vector<float> d;
  std::vector<double> expected, tolerance;

  explicit Backward(Shape s)
      : f(random_values<T>(s.pixels * s.c, 1)),
        before(random_values<T>(s.pixels * s.c, 2)),
        d(random_values<float>(s.c * s.c, 3)) {
    const auto c = static_cast<std::size_t>(s.c);
    for (std::size_t i = 0; i < c; ++i) {
      for (std::size_t j = 0; j < i; ++j) d[i * c + j] = d[j * c + i];
    }
    for (std::size_t e = 0; e < f.size(); ++e) {
      double sum = 0, magnitude = 0;
      for (std::size_t j = 0; j < c; ++j) {
        const double product = to_double(f[e / c * c + j]) * d[j * c + e % c];
        sum += product;
        magnitude += std::abs(product);
      }
      expected.push_back(to_double(before[e]) + kFactor * sum);
      // c products and additions, the factor, the addition to d_F; then the storage.
      const double error = static_cast<double>(c + 2) * rounding<float>(kFactor * magnitude) +
                           rounding<float>(expected.back());
      tolerance.push_back(error + rounding<T>(std::abs(expected.back()) + error));
    }
  }
};

CPU_TEST(Gram, backward_follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Shape& s : kShapes) {
      const Backward<T> b(s);
      std::vector<T> d_f = b.before;
      cpu::gram_backward(b.f.data(), b.d.data(), s.pixels, s.c, kFactor, d_f.data());
      expect_near(d_f, b.expected, [&](std::size_t i) { return b.tolerance[i]; });
    }
  });
}

DEVICE_TEST(Gram, backward_agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Shape& s : kShapes) {
      for (const std::size_t offset : kOffsets) {
        const Backward<T> b(s);
        std::vector<T> expected = b.before;
        cpu::gram_backward(b.f.data(), b.d.data(), s.pixels, s.c, kFactor, expected.data());
        DeviceBuffer<T> f(b.f, offset), d_f(b.before, offset);
        DeviceBuffer<float> d(b.d, offset);
        cuda::gram_backward(nullptr, f.data(), d.data(), s.pixels, s.c, kFactor, d_f.data());
        expect_near(d_f.host(), expected, [&](std::size_t i) { return 2 * b.tolerance[i]; });
      }
    }
  });
}

// A NaN in a channel spoils its row and column of G and nothing else; backward, one in F spoils its
// pixel. An infinity does not leak through the zeros that fill up tiles.
constexpr Shape kSpoiled{130, 67};
constexpr std::int64_t kSpoiledChannel = 65, kSpoiledPixel = 129;
constexpr std::size_t kSpoiledElement = kSpoiledPixel * kSpoiled.c + kSpoiledChannel;

std::vector<float> spoiled(float value) {
  std::vector<float> f = random_values<float>(kSpoiled.pixels * kSpoiled.c, 1, 0.5F, 1);
  f[kSpoiledElement] = value;
  return f;
}

void expect_spoiled(const std::vector<float>& g, float value) {
  for (std::int64_t i = 0; i < kSpoiled.c; ++i) {
    for (std::int64_t j = 0; j < kSpoiled.c; ++j) {
      const float actual = g[static_cast<std::size_t>(i * kSpoiled.c + j)];
      if (i != kSpoiledChannel && j != kSpoiledChannel) {
        ASSERT_TRUE(std::isfinite(actual)) << i << ' ' << j;
      } else if (std::isnan(value)) {
        ASSERT_TRUE(std::isnan(actual)) << i << ' ' << j;
      } else {
        ASSERT_EQ(actual, value) << i << ' ' << j;  // all other factors are positive
      }
    }
  }
}

CPU_TEST(Gram, what_is_no_number_stays_in_its_row_and_column) {
  const auto space = static_cast<std::size_t>(gram_scratch(kSpoiled.pixels, kSpoiled.c));
  std::vector<float> scratch(space), g(static_cast<std::size_t>(kSpoiled.c * kSpoiled.c));
  for (const float value : {NAN, INFINITY}) {
    const std::vector<float> f = spoiled(value);
    cpu::gram(f.data(), kSpoiled.pixels, kSpoiled.c, scratch.data(), g.data());
    expect_spoiled(g, value);
  }
}

DEVICE_TEST(Gram, what_is_no_number_stays_in_its_row_and_column) {
  const auto space = static_cast<std::size_t>(gram_scratch(kSpoiled.pixels, kSpoiled.c));
  for (const float value : {NAN, INFINITY}) {
    DeviceBuffer<float> f(spoiled(value));
    auto scratch = DeviceBuffer<float>::unwritten(space);
    auto g = DeviceBuffer<float>::unwritten(static_cast<std::size_t>(kSpoiled.c * kSpoiled.c));
    cuda::gram(nullptr, f.data(), kSpoiled.pixels, kSpoiled.c, scratch.data(), g.data());
    expect_spoiled(g.host(), value);
  }
}

void expect_spoiled_pixel(const std::vector<float>& d_f) {
  for (std::size_t i = 0; i < d_f.size(); ++i) {
    const bool pixel = i / kSpoiled.c == kSpoiledPixel;
    ASSERT_EQ(std::isnan(d_f[i]), pixel) << i;
  }
}

CPU_TEST(Gram, backward_a_nan_stays_in_its_pixel) {
  const std::vector<float> f = spoiled(NAN), d = random_values<float>(kSpoiled.c * kSpoiled.c, 2);
  std::vector<float> d_f(f.size());
  cpu::gram_backward(f.data(), d.data(), kSpoiled.pixels, kSpoiled.c, kFactor, d_f.data());
  expect_spoiled_pixel(d_f);
}

DEVICE_TEST(Gram, backward_a_nan_stays_in_its_pixel) {
  DeviceBuffer<float> f(spoiled(NAN)), d(random_values<float>(kSpoiled.c * kSpoiled.c, 2));
  DeviceBuffer<float> d_f(std::vector<float>(kSpoiled.pixels * kSpoiled.c));
  cuda::gram_backward(nullptr, f.data(), d.data(), kSpoiled.pixels, kSpoiled.c, kFactor,
                      d_f.data());
  expect_spoiled_pixel(d_f.host());
}

}  // namespace
}  // namespace phosphene::kernels::testing
