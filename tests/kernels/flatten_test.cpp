#include "kernels/flatten.hpp"

#include "tests/kernels/kernel_test.hpp"

// Nothing is computed, so every comparison is exact.
namespace phosphene::kernels::testing {
namespace {

// One pixel, one channel, one image, none, more than a block.
constexpr Maps kMaps[] = {{1, 1, 1, 1}, {2, 1, 1, 7},  {3, 5, 4, 1},  {2, 3, 5, 7},
                          {0, 3, 5, 7}, {1, 7, 7, 33}, {4, 13, 3, 17}};

/// Where the element of place i of the nhwc maps stands in the vector of its image.
template <class Visit>
void for_each_place(Maps m, Visit visit) {
  std::size_t nhwc = 0;
  for (std::int64_t n = 0; n < m.n; ++n) {
    for (std::int64_t h = 0; h < m.h; ++h) {
      for (std::int64_t w = 0; w < m.w; ++w) {
        for (std::int64_t c = 0; c < m.c; ++c) {
          visit(nhwc++, static_cast<std::size_t>(((n * m.c + c) * m.h + h) * m.w + w));
        }
      }
    }
  }
}

CPU_TEST(Flatten, numbers_as_nchw_and_back) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps maps : kMaps) {
      const std::vector<T> x = awkward_values<T>(maps.count(), 1);
      std::vector<T> expected(x.size()), y(x.size()), back(x.size());
      for_each_place(maps, [&](std::size_t nhwc, std::size_t nchw) { expected[nchw] = x[nhwc]; });
      cpu::flatten(x.data(), y.data(), maps);
      expect_same(y, expected);
      cpu::flatten_backward(y.data(), back.data(), maps);
      expect_same(back, x);
    }
  });
}

DEVICE_TEST(Flatten, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps maps : kMaps) {
      for (const std::size_t offset : kOffsets) {
        const std::vector<T> x = awkward_values<T>(maps.count(), 1);
        std::vector<T> expected(x.size());
        cpu::flatten(x.data(), expected.data(), maps);
        DeviceBuffer<T> in(x, offset);
        auto y = DeviceBuffer<T>::unwritten(x.size(), offset);
        auto back = DeviceBuffer<T>::unwritten(x.size(), offset);
        cuda::flatten(nullptr, in.data(), y.data(), maps);
        expect_same(y.host(), expected);
        cuda::flatten_backward(nullptr, y.data(), back.data(), maps);
        expect_same(back.host(), x);
      }
    }
  });
}

}  // namespace
}  // namespace phosphene::kernels::testing
