#include "kernels/layout.hpp"

#include "tests/kernels/kernel_test.hpp"

// Elements only move (and are rounded to T by the conversion that vector_test proves): exact.
namespace phosphene::kernels::testing {
namespace {

constexpr Maps kShapes[] = {{0, 4, 4, 3},  {1, 1, 1, 1},  {1, 7, 9, 3},  {2, 13, 5, 31},
                            {1, 8, 8, 32}, {1, 8, 8, 33}, {3, 1, 67, 2}, {1, 11, 23, 130}};

template <class T>
std::vector<T> naive_nhwc(const std::vector<float>& x, Maps m) {
  std::vector<T> y(x.size());
  std::size_t to = 0;
  for (std::int64_t n = 0; n < m.n; ++n) {
    for (std::int64_t p = 0; p < m.h * m.w; ++p) {
      for (std::int64_t c = 0; c < m.c; ++c) {
        y[to++] = from_float<T>(x[static_cast<std::size_t>((n * m.c + c) * m.h * m.w + p)]);
      }
    }
  }
  return y;
}

template <class T>
std::vector<float> stored(const std::vector<float>& x) {
  std::vector<float> y;
  for (const float v : x) y.push_back(to_float(from_float<T>(v)));
  return y;
}

CPU_TEST(Layout, follows_the_formula_there_and_back) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps& maps : kShapes) {
      const std::vector<float> x = awkward_values<float>(maps.count(), 7);
      std::vector<T> y(x.size());
      std::vector<float> back(x.size());
      cpu::to_nhwc(x.data(), y.data(), maps);
      expect_same(y, naive_nhwc<T>(x, maps));
      cpu::to_nchw(y.data(), back.data(), maps);
      expect_same(back, stored<T>(x));
    }
  });
}

DEVICE_TEST(Layout, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps& maps : kShapes) {
      const std::vector<float> x = awkward_values<float>(maps.count(), 7);
      std::vector<T> expected(x.size());
      std::vector<float> expected_back(x.size());
      cpu::to_nhwc(x.data(), expected.data(), maps);
      cpu::to_nchw(expected.data(), expected_back.data(), maps);
      DeviceBuffer<float> in(x, 1);
      auto y = DeviceBuffer<T>::unwritten(x.size(), 1);
      auto back = DeviceBuffer<float>::unwritten(x.size());
      cuda::to_nhwc(nullptr, in.data(), y.data(), maps);
      expect_same(y.host(), expected);
      cuda::to_nchw(nullptr, y.data(), back.data(), maps);
      expect_same(back.host(), expected_back);
    }
  });
}

}  // namespace
}  // namespace phosphene::kernels::testing
