#include "kernels/normalise.hpp"

#include "tests/kernels/kernel_test.hpp"
#include "tests/kernels/maps_cases.hpp"

// Forward three roundings, of scale x, of the difference and of the quotient, each at most 2^-24
// of (|scale x| + |mean|) / std; backward two. The device contracts the first two: as much apart.
namespace phosphene::kernels::testing {
namespace {

struct Channels {
  explicit Channels(std::int64_t c)
      : mean(random_values<float>(c, 11, 0.3F, 0.6F)), std(random_values<float>(c, 12, 0.1F, 2)) {}
  std::vector<float> mean, std;
};

// In nchw, the element that (n, pixel i j, channel c) of y is made from.
std::size_t plane_index(const Maps& m, bool reverse, std::int64_t n, std::int64_t i, std::int64_t j,
                        std::int64_t c) {
  const std::int64_t plane = reverse ? m.c - 1 - c : c;
  return static_cast<std::size_t>(((n * m.c + plane) * m.h + i) * m.w + j);
}

CPU_TEST(Normalise, follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps& maps : kMaps) {
      for (const bool reverse : {false, true}) {
        for (const float scale : {1.0F, 255.0F}) {
          const Channels channels(maps.c);
          const std::vector<float> x = rarely_awkward_values<float>(maps.count(), 1, 0, 1);
          const std::vector<T> d_y = rarely_awkward_values<T>(maps.count(), 2);
          std::vector<T> y(x.size());
          std::vector<float> d_x(x.size(), 9);
          cpu::normalise(x.data(), y.data(), maps, channels.mean.data(), channels.std.data(), scale,
                         reverse);
          cpu::normalise_backward(d_y.data(), d_x.data(), maps, channels.std.data(), scale,
                                  reverse);

          std::vector<double> expected, bound, expected_d_x(x.size());
          for_each_element(
              maps, [&](std::int64_t n, std::int64_t i, std::int64_t j, std::int64_t c) {
                const std::size_t from = plane_index(maps, reverse, n, i, j, c);
                const double mean = channels.mean[static_cast<std::size_t>(c)];
                const double std = channels.std[static_cast<std::size_t>(c)];
                const double scaled = double{scale} * x[from];
                expected.push_back((scaled - mean) / std);
                bound.push_back((std::abs(scaled) + mean) / std);
                expected_d_x[from] = to_double(d_y[index_of(maps, n, i, j, c)]) * scale / std;
              });
          expect_near(y, expected, [&](std::size_t i) {
            return 3 * 0x1p-24 * bound[i] + rounding<T>(expected[i]);
          });
          expect_near(d_x, expected_d_x,
                      [&](std::size_t i) { return 2 * rounding<float>(expected_d_x[i]); });
        }
      }
    }
  });
}

DEVICE_TEST(Normalise, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps& maps : kMaps) {
      for (const bool reverse : {false, true}) {
        const float scale = 255;
        const Channels channels(maps.c);
        const std::vector<float> x = awkward_values<float>(maps.count(), 1);
        const std::vector<T> d_y = awkward_values<T>(maps.count(), 2);
        std::vector<T> expected(x.size());
        std::vector<float> expected_d_x(x.size());
        cpu::normalise(x.data(), expected.data(), maps, channels.mean.data(), channels.std.data(),
                       scale, reverse);
        cpu::normalise_backward(d_y.data(), expected_d_x.data(), maps, channels.std.data(), scale,
                                reverse);

        const std::size_t offset = reverse ? 1 : 0;
        DeviceBuffer<float> in(x, offset), mean(channels.mean), std(channels.std);
        DeviceBuffer<T> d_out(d_y, offset);
        auto y = DeviceBuffer<T>::unwritten(x.size(), offset);
        auto d_x = DeviceBuffer<float>::unwritten(x.size(), offset);
        cuda::normalise(nullptr, in.data(), y.data(), maps, mean.data(), std.data(), scale,
                        reverse);
        cuda::normalise_backward(nullptr, d_out.data(), d_x.data(), maps, std.data(), scale,
                                 reverse);
        // |scale x| + |mean| <= 256, std >= 0.1; two values rounded to T may round apart.
        expect_near(y.host(), expected, [&](std::size_t i) {
          return 6 * 0x1p-24 * 2560 + 2 * kRoundoff<T> * std::abs(to_double(expected[i]));
        });
        expect_near(d_x.host(), expected_d_x,
                    [&](std::size_t i) { return 4 * 0x1p-24 * std::abs(expected_d_x[i]); });
      }
    }
  });
}

}  // namespace
}  // namespace phosphene::kernels::testing
