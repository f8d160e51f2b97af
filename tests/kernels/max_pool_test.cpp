#include "kernels/max_pool.hpp"

#include "tests/kernels/kernel_test.hpp"
#include "tests/kernels/maps_cases.hpp"

// Forward nothing is rounded. Backward a gradient is a sum of as many terms as windows chose the
// pixel, at most all that cover it.
namespace phosphene::kernels::testing {
namespace {

template <class T>
struct Pooled {
  std::vector<T> y;
  std::vector<std::uint8_t> argmax;
};

template <class T>
Pooled<T> naive(const std::vector<T>& x, const PoolCase& pool) {
  const Maps out = pooled(pool);
  const PoolWindow& w = pool.window;
  Pooled<T> result;
  for_each_element(out, [&](std::int64_t n, std::int64_t i, std::int64_t j, std::int64_t c) {
    bool any = false;
    T best{};
    int place = 0;
    for (int ki = 0; ki < w.kernel_h; ++ki) {
      for (int kj = 0; kj < w.kernel_w; ++kj) {
        const std::int64_t row = i * w.stride_h + ki - w.pad_top;
        const std::int64_t col = j * w.stride_w + kj - w.pad_left;
        if (!inside(row, pool.x.h) || !inside(col, pool.x.w)) continue;
        const T v = x[index_of(pool.x, n, row, col, c)];
        const bool nan_comes = std::isnan(to_double(v)) && !std::isnan(to_double(best));
        if (!any || to_double(v) > to_double(best) || nan_comes) {
          best = v;
          place = ki * w.kernel_w + kj;
        }
        any = true;
      }
    }
    ASSERT_TRUE(any) << "a case with an empty window";
    result.y.push_back(best);
    result.argmax.push_back(static_cast<std::uint8_t>(place));
  });
  return result;
}

// The gradient and the sum of its terms' sizes.
template <class T>
void naive_backward(const std::vector<T>& d_y, const std::vector<std::uint8_t>& argmax,
                    const PoolCase& pool, std::vector<double>& d_x, std::vector<double>& sizes) {
  const Maps out = pooled(pool);
  const PoolWindow& w = pool.window;
  d_x.assign(static_cast<std::size_t>(pool.x.count()), 0);
  sizes = d_x;
  for_each_element(out, [&](std::int64_t n, std::int64_t i, std::int64_t j, std::int64_t c) {
    const std::size_t from = index_of(out, n, i, j, c);
    const std::int64_t row = i * w.stride_h + argmax[from] / w.kernel_w - w.pad_top;
    const std::int64_t col = j * w.stride_w + argmax[from] % w.kernel_w - w.pad_left;
    const std::size_t to = index_of(pool.x, n, row, col, c);
    d_x[to] += to_double(d_y[from]);
    sizes[to] += std::abs(to_double(d_y[from]));
  });
}

// A gradient that is NaN or infinite must reach its pixel and no other.
template <class T>
std::vector<T> gradients(std::int64_t count) {
  std::vector<T> d_y = random_values<T>(count, 7);
  for (std::size_t i = 3; i < d_y.size(); i += 41) d_y[i] = from_float<T>(NAN);
  for (std::size_t i = 20; i < d_y.size(); i += 53) d_y[i] = from_float<T>(INFINITY);
  return d_y;
}

// Values with equals, NaNs and infinities among them.
template <class T>
std::vector<T> pixels(std::int64_t count, unsigned seed) {
  std::vector<T> x = awkward_values<T>(count, seed);
  for (std::size_t i = 1; i < x.size(); i += 2) x[i] = from_float<T>(0.25F);
  return x;
}

CPU_TEST(MaxPool, follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const PoolCase& pool : kPoolCases) {
      SCOPED_TRACE(&pool - kPoolCases.data());
      const Maps out = pooled(pool);
      for (const std::vector<T>& x :
           {random_values<T>(pool.x.count(), 1), awkward_values<T>(pool.x.count(), 2),
            pixels<T>(pool.x.count(), 3)}) {
        const Pooled<T> expected = naive(x, pool);
        std::vector<T> y(expected.y.size());
        std::vector<std::uint8_t> argmax(y.size(), 99);
        cpu::max_pool(x.data(), y.data(), argmax.data(), pool.x, out, pool.window);
        expect_same(y, expected.y);
        expect_same(argmax, expected.argmax);

        std::vector<T> alone(y.size());
        cpu::max_pool<T>(x.data(), alone.data(), nullptr, pool.x, out, pool.window);
        expect_same(alone, expected.y);

        const std::vector<T> d_y = gradients<T>(out.count());
        std::vector<T> d_x(x.size(), from_float<T>(9));
        cpu::max_pool_backward(d_y.data(), argmax.data(), d_x.data(), pool.x, out, pool.window);
        std::vector<double> expected_d_x, sizes;
        naive_backward(d_y, argmax, pool, expected_d_x, sizes);
        const double terms = pool.window.kernel_h * pool.window.kernel_w;
        expect_near(d_x, expected_d_x, [&](std::size_t i) {
          return terms * 0x1p-24 * sizes[i] + rounding<T>(expected_d_x[i]);
        });
      }
    }
  });
}

// The same additions in the same order, so the bits agree.
DEVICE_TEST(MaxPool, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const PoolCase& pool : kPoolCases) {
      SCOPED_TRACE(&pool - kPoolCases.data());
      const Maps out = pooled(pool);
      const auto outputs = static_cast<std::size_t>(out.count());
      for (const std::size_t offset : kOffsets) {
        const std::vector<T> x = pixels<T>(pool.x.count(), 2), d_y = gradients<T>(out.count());
        std::vector<T> expected(outputs), expected_d_x(x.size());
        std::vector<std::uint8_t> expected_argmax(outputs);
        cpu::max_pool(x.data(), expected.data(), expected_argmax.data(), pool.x, out, pool.window);
        cpu::max_pool_backward(d_y.data(), expected_argmax.data(), expected_d_x.data(), pool.x, out,
                               pool.window);

        DeviceBuffer<T> in(x, offset), d_out(d_y, offset);
        auto y = DeviceBuffer<T>::unwritten(outputs, offset);
        auto argmax = DeviceBuffer<std::uint8_t>::unwritten(outputs, offset);
        cuda::max_pool(nullptr, in.data(), y.data(), argmax.data(), pool.x, out, pool.window);
        expect_same(y.host(), expected);
        expect_same(argmax.host(), expected_argmax);

        auto alone = DeviceBuffer<T>::unwritten(outputs, offset);
        cuda::max_pool<T>(nullptr, in.data(), alone.data(), nullptr, pool.x, out, pool.window);
        expect_same(alone.host(), expected);

        auto d_x = DeviceBuffer<T>::unwritten(x.size(), offset);
        cuda::max_pool_backward(nullptr, d_out.data(), argmax.data(), d_x.data(), pool.x, out,
                                pool.window);
        expect_same(d_x.host(), expected_d_x);
      }
    }
  });
}

}  // namespace
}  // namespace phosphene::kernels::testing
