#include "kernels/concat.hpp"

#include "tests/kernels/kernel_test.hpp"
#include "tests/kernels/maps_cases.hpp"

// Copies: every comparison is exact, and the channels beside the slice must stay as they were.
namespace phosphene::kernels::testing {
namespace {

struct Slice {
  std::int64_t before, after;
};
constexpr Slice kSlices[] = {{0, 0}, {0, 8}, {8, 16}, {3, 0}, {4, 5}};

CPU_TEST(Concat, follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps& maps : kMaps) {
      for (const Slice& slice : kSlices) {
        const Maps wide{maps.n, maps.h, maps.w, slice.before + maps.c + slice.after};
        const std::vector<T> x = awkward_values<T>(maps.count(), 1);
        const std::vector<T> y = awkward_values<T>(wide.count(), 2);
        std::vector<T> expected = y, gathered;
        for_each_element(maps, [&](std::int64_t n, std::int64_t i, std::int64_t j, std::int64_t c) {
          const std::size_t at = index_of(wide, n, i, j, slice.before + c);
          expected[at] = x[index_of(maps, n, i, j, c)];
          gathered.push_back(y[at]);
        });
        std::vector<T> written = y, d_x(x.size());
        cpu::concat(x.data(), written.data(), maps, wide.c, slice.before);
        cpu::concat_backward(y.data(), d_x.data(), maps, wide.c, slice.before);
        expect_same(written, expected);
        expect_same(d_x, gathered);
      }
    }
  });
}

DEVICE_TEST(Concat, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps& maps : kMaps) {
      for (const Slice& slice : kSlices) {
        const Maps wide{maps.n, maps.h, maps.w, slice.before + maps.c + slice.after};
        const std::vector<T> x = awkward_values<T>(maps.count(), 1);
        const std::vector<T> y = awkward_values<T>(wide.count(), 2);
        std::vector<T> expected = y, expected_d_x(x.size());
        cpu::concat(x.data(), expected.data(), maps, wide.c, slice.before);
        cpu::concat_backward(y.data(), expected_d_x.data(), maps, wide.c, slice.before);
        for (const std::size_t offset : kOffsets) {
          DeviceBuffer<T> in(x, offset), out(y, offset);
          auto d_x = DeviceBuffer<T>::unwritten(x.size(), offset);
          cuda::concat_backward(nullptr, out.data(), d_x.data(), maps, wide.c, slice.before);
          cuda::concat(nullptr, in.data(), out.data(), maps, wide.c, slice.before);
          expect_same(out.host(), expected);
          expect_same(d_x.host(), expected_d_x);
        }
      }
    }
  });
}

// The grid ends at 8192 rows, and its blocks go on to the next.
DEVICE_TEST(Concat, has_more_rows_than_a_grid) {
  const Maps maps{1, 8192 + 700, 1, 1};
  const std::vector<float> x = random_values<float>(maps.count(), 1);
  DeviceBuffer<float> in(x);
  auto y = DeviceBuffer<float>::unwritten(x.size());
  cuda::concat(nullptr, in.data(), y.data(), maps, 1, 0);
  expect_same(y.host(), x);
}

}  // namespace
}  // namespace phosphene::kernels::testing
