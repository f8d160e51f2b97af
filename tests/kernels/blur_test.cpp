#include "kernels/blur.hpp"

#include "tests/kernels/kernel_test.hpp"

// Each of the two sums has 2 radius + 1 terms that add up to at most 1 in absolute value, the
// weights being those of an average: as many roundings of at most 1, twice.
namespace phosphene::kernels::testing {
namespace {

struct Case {
  Maps maps;
  int radius;
};
const std::vector<Case> kCases = {{{0, 3, 3, 3}, 1},   {{2, 0, 3, 3}, 1},   {{1, 1, 1, 1}, 5},
                                  {{2, 7, 5, 3}, 0},   {{3, 7, 5, 2}, 2},   {{2, 3, 4, 1}, 9},
                                  {{1, 33, 31, 3}, 4}, {{2, 9, 130, 1}, 12}};

/// Weights of averages, another for each image; image 1 has no more than its middle.
std::vector<float> weights_of(const Case& c) {
  std::vector<float> weights = random_values<float>(c.maps.n * (c.radius + 1), 5, 0.1F, 1);
  for (std::int64_t n = 0; n < c.maps.n; ++n) {
    float* own = weights.data() + n * (c.radius + 1);
    float sum = own[0];
    for (int k = 1; k <= c.radius; ++k) sum += 2 * (own[k] = n == 1 ? 0 : own[k]);
    for (int k = 0; k <= c.radius; ++k) own[k] /= sum;
  }
  return weights;
}

double tolerance(const Case& c) { return 2 * (2 * c.radius + 3) * 0x1p-24; }

/// The line with its mirror images on either side, as long as needed, summed over a window.
std::vector<double> blurred_line(const std::vector<double>& line, const float* weights,
                                 int radius) {
  const auto n = static_cast<int>(line.size());
  std::vector<double> period(line);
  period.insert(period.end(), line.rbegin(), line.rend());
  std::vector<double> sums(line.size());
  for (int i = 0; i < n; ++i) {
    for (int k = -radius; k <= radius; ++k) {
      const int at = ((i + k) % (2 * n) + 2 * n) % (2 * n);
      sums[static_cast<std::size_t>(i)] +=
          weights[std::abs(k)] * period[static_cast<std::size_t>(at)];
    }
  }
  return sums;
}

std::vector<double> naive(const std::vector<float>& x, const std::vector<float>& weights,
                          const Case& c) {
  std::vector<double> y(x.begin(), x.end());
  const auto [n, h, w, channels] = c.maps;
  const auto along = [&](std::int64_t plane, std::int64_t start, std::int64_t length,
                         std::int64_t stride) {
    std::vector<double> line;
    for (std::int64_t i = 0; i < length; ++i) {
      line.push_back(y[static_cast<std::size_t>(start + i * stride)]);
    }
    line = blurred_line(line, weights.data() + plane / channels * (c.radius + 1), c.radius);
    for (std::int64_t i = 0; i < length; ++i) {
      y[static_cast<std::size_t>(start + i * stride)] = line[static_cast<std::size_t>(i)];
    }
  };
  for (std::int64_t p = 0; p < n * channels; ++p) {
    for (std::int64_t i = 0; i < h; ++i) along(p, (p * h + i) * w, w, 1);
    for (std::int64_t j = 0; j < w; ++j) along(p, p * h * w + j, h, w);
  }
  return y;
}

CPU_TEST(Blur, follows_the_formula) {
  for (const Case& c : kCases) {
    const std::vector<float> x = random_values<float>(c.maps.count(), 1), weights = weights_of(c);
    std::vector<float> t(x.size()), y(x.size());
    cpu::blur(x.data(), weights.data(), c.radius, t.data(), y.data(), c.maps);
    expect_near(y, naive(x, weights, c), [&](std::size_t) { return tolerance(c); });
  }
}

// <B x, d> = <x, B d>: what lets the gradient be the same call, even where the mirror images of a
// small picture come round more than once.
CPU_TEST(Blur, is_its_own_adjoint) {
  for (const Case& c : kCases) {
    const std::vector<float> x = random_values<float>(c.maps.count(), 1),
                             d = random_values<float>(c.maps.count(), 2), weights = weights_of(c);
    std::vector<float> t(x.size()), y(x.size()), back(x.size());
    cpu::blur(x.data(), weights.data(), c.radius, t.data(), y.data(), c.maps);
    cpu::blur(d.data(), weights.data(), c.radius, t.data(), back.data(), c.maps);
    double forth = 0, backwards = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      forth += static_cast<double>(y[i]) * d[i];
      backwards += static_cast<double>(x[i]) * back[i];
    }
    EXPECT_NEAR(forth, backwards, 2 * tolerance(c) * static_cast<double>(x.size() + 1));
  }
}

DEVICE_TEST(Blur, agrees_with_the_cpu) {
  for (const Case& c : kCases) {
    const std::vector<float> x = random_values<float>(c.maps.count(), 1), weights = weights_of(c);
    std::vector<float> t(x.size()), y(x.size());
    cpu::blur(x.data(), weights.data(), c.radius, t.data(), y.data(), c.maps);
    DeviceBuffer<float> in(x, 1), own(weights);
    auto rows = DeviceBuffer<float>::unwritten(x.size()),
         out = DeviceBuffer<float>::unwritten(x.size());
    cuda::blur(nullptr, in.data(), own.data(), c.radius, rows.data(), out.data(), c.maps);
    expect_near(out.host(), y, [&](std::size_t) { return 2 * tolerance(c); });
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
