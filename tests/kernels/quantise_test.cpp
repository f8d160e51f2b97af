#include "kernels/quantise.hpp"

#include "tests/kernels/kernel_test.hpp"

// The product and the quotient are rounded once each, in either version alike: they are the same
// bits. A product that rounding takes across a half is a tie in float: the naive one follows it.
namespace phosphene::kernels::testing {
namespace {

CPU_TEST(Quantise, follows_the_formula) {
  for (const float levels : {1.0F, 3.0F, 15.0F, 255.0F}) {
    for (const std::int64_t count : kCounts) {
      const std::vector<float> x = awkward_values<float>(count, 1);
      std::vector<float> y(x.size());
      cpu::quantise(x.data(), levels, y.data(), count);
      std::vector<double> expected;
      for (const float v : x) {
        const float inside = v < 0 ? 0.0F : v > 1 ? 1.0F : v;
        const double level = inside * levels, below = std::floor(level);
        const bool up = level - below > 0.5 || (level - below == 0.5 && std::fmod(below, 2) == 1);
        expected.push_back(std::isnan(v) ? NAN : (below + (up ? 1 : 0)) / levels);
      }
      expect_near(y, expected, [](std::size_t) { return 0x1p-24; });
    }
  }
}

CPU_TEST(Quantise, keeps_its_levels) {
  for (int level = 0; level <= 255; ++level) {
    const float x = static_cast<float>(level) / 255;
    float y = -1;
    cpu::quantise(&x, 255, &y, 1);
    EXPECT_EQ(x, y);
  }
}

DEVICE_TEST(Quantise, agrees_with_the_cpu) {
  for (const std::int64_t count : kCounts) {
    for (const std::size_t offset : kOffsets) {
      const std::vector<float> x = awkward_values<float>(count, 1);
      std::vector<float> expected(x.size());
      cpu::quantise(x.data(), 15, expected.data(), count);
      DeviceBuffer<float> in(x, offset);
      auto y = DeviceBuffer<float>::unwritten(x.size(), offset);
      cuda::quantise(nullptr, in.data(), 15, y.data(), count);
      expect_same(y.host(), expected);
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
