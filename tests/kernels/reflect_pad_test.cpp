#include "kernels/reflect_pad.hpp"

#include "tests/kernels/kernel_test.hpp"
#include "tests/kernels/maps_cases.hpp"

// Forward copies, so every comparison is exact; backward adds up to nine terms in float, in the
// same order on the device.
namespace phosphene::kernels::testing {
namespace {

struct PadCase {
  Maps x;
  int top, left, bottom, right;
  Maps y() const { return {x.n, x.h + top + bottom, x.w + left + right, x.c}; }
};

const std::vector<PadCase> kPadCases = {
    {{0, 4, 4, 3}, 1, 1, 1, 1},    {{1, 1, 1, 1}, 0, 0, 0, 0},  {{1, 2, 2, 3}, 1, 1, 1, 1},
    {{2, 5, 7, 3}, 1, 1, 1, 1},    {{1, 5, 7, 4}, 4, 6, 4, 6},  // as far as a mirror reaches
    {{1, 3, 3, 33}, 2, 2, 2, 2},   {{1, 9, 4, 64}, 0, 3, 2, 0}, {{1, 4, 1, 31}, 3, 0, 1, 0},
    {{1, 1, 6, 8}, 0, 5, 0, 5},    {{3, 6, 5, 32}, 1, 1, 1, 1}, {{1, 3, 300, 8}, 1, 1, 1, 1},
    {{1, 2, 3, 1028}, 1, 0, 1, 2}, {{2, 8, 8, 16}, 2, 0, 0, 0}, {{1, 40, 40, 3}, 40 - 1, 0, 0, 7}};

// Where position i of a mirrored axis comes from: a walk that turns round at either end.
std::int64_t walk(std::int64_t i, std::int64_t extent) {
  std::int64_t at = 0, step = i < 0 ? -1 : 1;
  for (std::int64_t left = std::abs(i); left > 0; --left) {
    if (at + step < 0 || at + step >= extent) step = -step;
    at += step;
  }
  return at;
}

std::size_t source(const PadCase& pad, std::int64_t n, std::int64_t i, std::int64_t j,
                   std::int64_t c) {
  return index_of(pad.x, n, walk(i - pad.top, pad.x.h), walk(j - pad.left, pad.x.w), c);
}

CPU_TEST(ReflectPad, follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const PadCase& pad : kPadCases) {
      SCOPED_TRACE(&pad - kPadCases.data());
      const Maps out = pad.y();
      const std::vector<T> x = awkward_values<T>(pad.x.count(), 1);
      std::vector<T> y(static_cast<std::size_t>(out.count())), expected;
      const std::vector<T> d_y = rarely_awkward_values<T>(out.count(), 2);
      std::vector<double> expected_d_x(x.size(), 0), sizes(x.size(), 0);
      for_each_element(out, [&](std::int64_t n, std::int64_t i, std::int64_t j, std::int64_t c) {
        const std::size_t from = source(pad, n, i, j, c);
        const double d = to_double(d_y[index_of(out, n, i, j, c)]);
        expected.push_back(x[from]);
        expected_d_x[from] += d;
        sizes[from] += std::abs(d);
      });
      cpu::reflect_pad(x.data(), y.data(), pad.x, pad.top, pad.left, pad.bottom, pad.right);
      expect_same(y, expected);

      std::vector<T> d_x(x.size(), from_float<T>(9));
      cpu::reflect_pad_backward(d_y.data(), d_x.data(), pad.x, pad.top, pad.left, pad.bottom,
                                pad.right);
      expect_near(d_x, expected_d_x, [&](std::size_t i) {
        return 9 * 0x1p-24 * sizes[i] + kRoundoff<T> * std::abs(expected_d_x[i]);
      });
    }
  });
}

DEVICE_TEST(ReflectPad, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const PadCase& pad : kPadCases) {
      SCOPED_TRACE(&pad - kPadCases.data());
      const std::vector<T> x = awkward_values<T>(pad.x.count(), 1);
      const std::vector<T> d_y = awkward_values<T>(pad.y().count(), 2);
      std::vector<T> expected(d_y.size()), expected_d_x(x.size());
      cpu::reflect_pad(x.data(), expected.data(), pad.x, pad.top, pad.left, pad.bottom, pad.right);
      cpu::reflect_pad_backward(d_y.data(), expected_d_x.data(), pad.x, pad.top, pad.left,
                                pad.bottom, pad.right);
      for (const std::size_t offset : kOffsets) {
        DeviceBuffer<T> in(x, offset), d_out(d_y, offset);
        auto y = DeviceBuffer<T>::unwritten(d_y.size(), offset);
        auto d_x = DeviceBuffer<T>::unwritten(x.size(), offset);
        cuda::reflect_pad(nullptr, in.data(), y.data(), pad.x, pad.top, pad.left, pad.bottom,
                          pad.right);
        cuda::reflect_pad_backward(nullptr, d_out.data(), d_x.data(), pad.x, pad.top, pad.left,
                                   pad.bottom, pad.right);
        expect_same(y.host(), expected);
        // -0 alone is copied by one and added to +0 by the other.
        expect_near(d_x.host(), expected_d_x, [](std::size_t) { return 0.0; });
      }
    }
  });
}

}  // namespace
}  // namespace phosphene::kernels::testing
