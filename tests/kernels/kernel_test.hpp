// What the tests of the kernels share. The tests of each <op>_test.cpp run in four executables:
//   kernels_cpu_test   CPU_TEST     _cpu against a naive double-precision formula
//   kernels_simt_test  DEVICE_TEST  the cuda:: launchers, run by the SIMT harness under ASan and
//                                   UBSan, against _cpu
//   kernels_race_test  DEVICE_TEST  the same, where the harness looks for data races
//   kernels_gpu_test   DEVICE_TEST  the same launchers on a GPU, against _cpu
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "kernels/common.hpp"
#include "tests/kernels/device.hpp"

// A test that an executable leaves out is a template that nobody instantiates: still checked for
// syntax and names, needing no symbols.
#define PHOSPHENE_LEFT_OUT(suite, name) \
  template <int>                        \
  [[maybe_unused]] static void suite##_##name()

#if defined(PHOSPHENE_TEST_DEVICE)
#define CPU_TEST(suite, name) PHOSPHENE_LEFT_OUT(suite, name)
#define DEVICE_TEST(suite, name)                                                        \
  static void suite##_##name();                                                         \
  TEST(suite##Device, name) { phosphene::kernels::testing::on_device(suite##_##name); } \
  static void suite##_##name()
#else
#define CPU_TEST(suite, name) TEST(suite##Cpu, name)
#define DEVICE_TEST(suite, name) PHOSPHENE_LEFT_OUT(suite, name)
#endif

namespace phosphene::kernels::testing {

/// Element counts: none, one, around a warp and a pack, primes, more than one block.
inline const std::vector<std::int64_t> kCounts = {0,  1,   2,   3,   7,   8,    31,   32,   33,
                                                  63, 127, 255, 256, 257, 1021, 4096, 5003, 20011};
/// Elements by which a buffer is set off from its 256-byte boundary.
inline const std::vector<std::size_t> kOffsets = {0, 1};

/// Calls f(float{}) and f(bf16{}).
template <class F>
void for_each_storage(F f) {
  {
    SCOPED_TRACE("float");
    f(float{});
  }
  {
    SCOPED_TRACE("bf16");
    f(bf16{});
  }
}

/// The unit roundoff: what one rounding to T costs, relative to the result.
template <class T>
constexpr double kRoundoff = 0x1p-24;
template <>
inline constexpr double kRoundoff<bf16> = 0x1p-8;

/// The smallest normal number, of float and of bf16: below it roundoff is absolute.
constexpr double kTiny = std::numeric_limits<float>::min();

/// The most that rounding x to T can change it: half a unit in the last place.
template <class T>
double rounding(double x) {
  return kRoundoff<T> * std::max(std::abs(x), kTiny);
}

template <class T>
std::vector<T> random_values(std::int64_t count, unsigned seed, float low = -1, float high = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = from_float<T>(uniform(random));
  return values;
}

/// Random values with every fifth one replaced by NaN, an infinity, a signed zero, a denormal or
/// the largest number.
template <class T>
std::vector<T> awkward_values(std::int64_t count, unsigned seed) {
  using Limits = std::numeric_limits<float>;
  const float awkward[] = {Limits::quiet_NaN(),
                           Limits::infinity(),
                           -Limits::infinity(),
                           0.0F,
                           -0.0F,
                           1e-40F,
                           -1e-40F,
                           3e38F};
  std::vector<T> values = random_values<T>(count, seed);
  for (std::size_t i = seed % 5; i < values.size(); i += 5) {
    values[i] = from_float<T>(awkward[(i / 5 + seed) % std::size(awkward)]);
  }
  return values;
}

/// The same, rarer and without the largest number: for sums, which must neither overflow nor all
/// be NaN.
template <class T>
std::vector<T> rarely_awkward_values(std::int64_t count, unsigned seed, float low = -1,
                                     float high = 1) {
  using Limits = std::numeric_limits<float>;
  const float awkward[] = {Limits::quiet_NaN(), -0.0F,  Limits::infinity(), 1e-40F,
                           -Limits::infinity(), -1e-40F};
  std::vector<T> values = random_values<T>(count, seed, low, high);
  for (std::size_t i = seed; i < values.size(); i += 19) {
    values[i] = from_float<T>(awkward[(i / 19 + seed) % std::size(awkward)]);
  }
  return values;
}

inline double to_double(float x) { return x; }
inline double to_double(bf16 x) { return to_float(x); }

/// The same bits; any NaN equals any other.
template <class T>
void expect_same(const std::vector<T>& actual, const std::vector<T>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if constexpr (std::is_integral_v<T>) {
      ASSERT_EQ(actual[i], expected[i]) << "element " << i << " of " << actual.size();
    } else {
      const float a = to_float(actual[i]), e = to_float(expected[i]);
      if (std::isnan(a) && std::isnan(e)) continue;
      ASSERT_EQ(std::bit_cast<std::uint32_t>(a), std::bit_cast<std::uint32_t>(e))
          << a << " where " << e << " is expected, element " << i << " of " << actual.size();
    }
  }
}

/// |actual - expected| <= tolerance(i), as doubles; a NaN or an infinity must be met by the same.
template <class A, class E>
void expect_near(const std::vector<A>& actual, const std::vector<E>& expected,
                 const std::function<double(std::size_t)>& tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    double a, e;
    if constexpr (std::is_same_v<A, double>)
      a = actual[i];
    else
      a = to_double(actual[i]);
    if constexpr (std::is_same_v<E, double>)
      e = expected[i];
    else
      e = to_double(expected[i]);
    // Past the largest float only the infinity is right.
    if ((std::isnan(a) && std::isnan(e)) || a == e || a == static_cast<float>(e)) continue;
    ASSERT_TRUE(std::isfinite(a) && std::isfinite(e) && std::abs(a - e) <= tolerance(i))
        << a << " where " << e << " is expected, element " << i << " of " << actual.size();
  }
}

}  // namespace phosphene::kernels::testing
