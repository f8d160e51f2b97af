#include "kernels/avg_pool.hpp"

#include "tests/kernels/kernel_test.hpp"
#include "tests/kernels/maps_cases.hpp"

// A float sum of t terms is off by at most t 2^-24 of the sum of their sizes, the division by one
// roundoff more, the store by one of T. The device adds in the same order and divides, where no
// product can be contracted: its bits agree.
namespace phosphene::kernels::testing {
namespace {

// What one output averages, in double: `weight` (n, c aside) from input pixel to output pixel.
struct Link {
  std::int64_t out_i, out_j, in_i, in_j;
  double area;
};

std::vector<Link> links(const PoolCase& pool, bool count_pad) {
  const Maps out = pooled(pool);
  const PoolWindow& w = pool.window;
  std::vector<Link> all;
  for (std::int64_t i = 0; i < out.h; ++i) {
    for (std::int64_t j = 0; j < out.w; ++j) {
      const std::size_t first = all.size();
      int padded = 0;  // pixels of the window inside the padded input
      for (int ki = 0; ki < w.kernel_h; ++ki) {
        for (int kj = 0; kj < w.kernel_w; ++kj) {
          const std::int64_t row = i * w.stride_h + ki - w.pad_top;
          const std::int64_t col = j * w.stride_w + kj - w.pad_left;
          padded += row < pool.x.h + w.pad_bottom && col < pool.x.w + w.pad_right;
          if (inside(row, pool.x.h) && inside(col, pool.x.w)) all.push_back({i, j, row, col, 0});
        }
      }
      const auto inside_input = static_cast<double>(all.size() - first);
      for (std::size_t k = first; k < all.size(); ++k) {
        all[k].area = count_pad ? padded : inside_input;
      }
    }
  }
  return all;
}

std::vector<Link> links(const Maps& x, const Maps& y) {
  const auto bin = [](std::int64_t i, std::int64_t bins, std::int64_t extent, bool end) {
    const double edge = static_cast<double>((end ? i + 1 : i) * extent) / static_cast<double>(bins);
    return static_cast<std::int64_t>(end ? std::ceil(edge) : std::floor(edge));
  };
  std::vector<Link> all;
  for (std::int64_t i = 0; i < y.h; ++i) {
    for (std::int64_t j = 0; j < y.w; ++j) {
      const std::int64_t top = bin(i, y.h, x.h, false), bottom = bin(i, y.h, x.h, true);
      const std::int64_t left = bin(j, y.w, x.w, false), right = bin(j, y.w, x.w, true);
      const auto area = static_cast<double>((bottom - top) * (right - left));
      for (std::int64_t row = top; row < bottom; ++row) {
        for (std::int64_t col = left; col < right; ++col) all.push_back({i, j, row, col, area});
      }
    }
  }
  return all;
}

struct Sums {
  std::vector<double> value, size, terms;
};

// Adds values along the links, from the inputs to the outputs or back.
template <class T>
Sums follow(const std::vector<Link>& all, const std::vector<T>& from, const Maps& x, const Maps& y,
            bool back) {
  Sums sums;
  sums.value.assign(static_cast<std::size_t>(back ? x.count() : y.count()), 0);
  sums.size = sums.terms = sums.value;
  for (const Link& link : all) {
    for (std::int64_t n = 0; n < x.n; ++n) {
      for (std::int64_t c = 0; c < x.c; ++c) {
        const std::size_t in = index_of(x, n, link.in_i, link.in_j, c);
        const std::size_t out = index_of(y, n, link.out_i, link.out_j, c);
        const double term = to_double(from[back ? out : in]) / link.area;
        sums.value[back ? in : out] += term;
        sums.size[back ? in : out] += std::abs(term);
        sums.terms[back ? in : out] += 1;
      }
    }
  }
  return sums;
}

template <class T>
void expect_sums(const std::vector<T>& actual, const Sums& sums) {
  expect_near(actual, sums.value, [&](std::size_t i) {
    return (sums.terms[i] + 1) * 0x1p-24 * sums.size[i] + rounding<T>(sums.value[i]);
  });
}

struct AdaptiveCase {
  Maps in, out;
};

const std::vector<AdaptiveCase> kAdaptive = {
    {{0, 4, 4, 3}, {0, 2, 2, 3}},     {{1, 1, 1, 1}, {1, 1, 1, 1}},
    {{2, 7, 7, 33}, {2, 1, 1, 33}},   {{1, 13, 9, 8}, {1, 6, 6, 8}},   // bins overlap
    {{1, 7, 11, 4}, {1, 7, 11, 4}},   {{1, 5, 3, 32}, {1, 7, 7, 32}},  // more bins than pixels
    {{1, 2, 700, 8}, {1, 2, 300, 8}}, {{1, 1, 2, 1028}, {1, 1, 1, 1028}},
    {{1, 10, 10, 3}, {1, 3, 4, 3}},   {{1, 31, 33, 31}, {1, 2, 32, 31}}};

CPU_TEST(AvgPool, follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const PoolCase& pool : kPoolCases) {
      SCOPED_TRACE(&pool - kPoolCases.data());
      for (const bool count_pad : {false, true}) {
        const Maps out = pooled(pool);
        const std::vector<Link> all = links(pool, count_pad);
        const std::vector<T> x = rarely_awkward_values<T>(pool.x.count(), 1);
        std::vector<T> y(static_cast<std::size_t>(out.count()));
        cpu::avg_pool(x.data(), y.data(), pool.x, out, pool.window, count_pad);
        expect_sums(y, follow(all, x, pool.x, out, false));

        const std::vector<T> d_y = rarely_awkward_values<T>(out.count(), 2);
        std::vector<T> d_x(x.size(), from_float<T>(9));
        cpu::avg_pool_backward(d_y.data(), d_x.data(), pool.x, out, pool.window, count_pad);
        expect_sums(d_x, follow(all, d_y, pool.x, out, true));
      }
    }
  });
}

CPU_TEST(AvgPool, adaptive_follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const AdaptiveCase& maps : kAdaptive) {
      const Maps &in = maps.in, &out = maps.out;
      const std::vector<Link> all = links(in, out);
      const std::vector<T> x = rarely_awkward_values<T>(in.count(), 1);
      std::vector<T> y(static_cast<std::size_t>(out.count()));
      cpu::adaptive_avg_pool(x.data(), y.data(), in, out);
      expect_sums(y, follow(all, x, in, out, false));

      const std::vector<T> d_y = rarely_awkward_values<T>(out.count(), 2);
      std::vector<T> d_x(x.size(), from_float<T>(9));
      cpu::adaptive_avg_pool_backward(d_y.data(), d_x.data(), in, out);
      expect_sums(d_x, follow(all, d_y, in, out, true));
    }
  });
}

DEVICE_TEST(AvgPool, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const PoolCase& pool : kPoolCases) {
      SCOPED_TRACE(&pool - kPoolCases.data());
      const Maps out = pooled(pool);
      const std::vector<T> x = awkward_values<T>(pool.x.count(), 1);
      const std::vector<T> d_y = awkward_values<T>(out.count(), 2);
      std::vector<T> expected(d_y.size()), expected_d_x(x.size());
      for (const bool count_pad : {false, true}) {
        cpu::avg_pool(x.data(), expected.data(), pool.x, out, pool.window, count_pad);
        cpu::avg_pool_backward(d_y.data(), expected_d_x.data(), pool.x, out, pool.window,
                               count_pad);
        for (const std::size_t offset : kOffsets) {
          DeviceBuffer<T> in(x, offset), d_out(d_y, offset);
          auto y = DeviceBuffer<T>::unwritten(d_y.size(), offset);
          auto d_x = DeviceBuffer<T>::unwritten(x.size(), offset);
          cuda::avg_pool(nullptr, in.data(), y.data(), pool.x, out, pool.window, count_pad);
          cuda::avg_pool_backward(nullptr, d_out.data(), d_x.data(), pool.x, out, pool.window,
                                  count_pad);
          expect_same(y.host(), expected);
          expect_same(d_x.host(), expected_d_x);
        }
      }
    }
  });
}

DEVICE_TEST(AvgPool, adaptive_agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const auto& [in_maps, out_maps] : kAdaptive) {
      const std::vector<T> x = awkward_values<T>(in_maps.count(), 1);
      const std::vector<T> d_y = awkward_values<T>(out_maps.count(), 2);
      std::vector<T> expected(d_y.size()), expected_d_x(x.size());
      cpu::adaptive_avg_pool(x.data(), expected.data(), in_maps, out_maps);
      cpu::adaptive_avg_pool_backward(d_y.data(), expected_d_x.data(), in_maps, out_maps);
      for (const std::size_t offset : kOffsets) {
        DeviceBuffer<T> in(x, offset), d_out(d_y, offset);
        auto y = DeviceBuffer<T>::unwritten(d_y.size(), offset);
        auto d_x = DeviceBuffer<T>::unwritten(x.size(), offset);
        cuda::adaptive_avg_pool(nullptr, in.data(), y.data(), in_maps, out_maps);
        cuda::adaptive_avg_pool_backward(nullptr, d_out.data(), d_x.data(), in_maps, out_maps);
        expect_same(y.host(), expected);
        expect_same(d_x.host(), expected_d_x);
      }
    }
  });
}

}  // namespace
}  // namespace phosphene::kernels::testing
