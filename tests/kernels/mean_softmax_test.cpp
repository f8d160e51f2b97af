#include "kernels/mean_softmax.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "tests/kernels/kernel_test.hpp"

// A softmax in float is good to a few units for each of its classes and of the logits' size; the
// logarithm turns that relative error into an absolute one.
namespace phosphene::kernels::testing {
namespace {

struct Case {
  std::int64_t k, n, classes;
  std::int64_t rows() const { return k * n; }
  std::vector<float> logits() const {
    std::vector<float> z = random_values<float>(rows() * classes, 1, -8, 8);
    for (std::size_t i = 0; i < z.size(); i += 23) z[i] = 300;  // others are 0 to a float
    return z;
  }
};

const std::vector<Case> kCases = {{1, 1, 1},  {1, 3, 10},  {4, 2, 10},  {3, 5, 33},
                                  {16, 1, 2}, {2, 9, 100}, {1, 2, 1000}};

struct Exact {
  std::vector<double> p, y, d_z;
};

Exact exact(const Case& c, const std::vector<float>& z, const std::vector<float>& d_y) {
  Exact e;
  e.p.resize(z.size());
  e.y.resize(static_cast<std::size_t>(c.n * c.classes));
  e.d_z.resize(z.size());
  const auto at = [&](std::int64_t row, std::int64_t j) {
    return static_cast<std::size_t>(row * c.classes + j);
  };
  for (std::int64_t row = 0; row < c.rows(); ++row) {
    double largest = -INFINITY, sum = 0;
    for (std::int64_t j = 0; j < c.classes; ++j) largest = std::max<double>(largest, z[at(row, j)]);
    for (std::int64_t j = 0; j < c.classes; ++j) sum += std::exp(z[at(row, j)] - largest);
    for (std::int64_t j = 0; j < c.classes; ++j) {
      e.p[at(row, j)] = std::exp(z[at(row, j)] - largest) / sum;
      e.y[at(row % c.n, j)] += e.p[at(row, j)] / static_cast<double>(c.k);
    }
  }
  for (double& y : e.y) y = std::log(y + kMeanSoftmaxFloor);
  for (std::int64_t row = 0; row < c.rows(); ++row) {
    double dot = 0;
    const auto slope = [&](std::int64_t j) {
      return d_y[at(row % c.n, j)] / std::exp(e.y[at(row % c.n, j)]);
    };
    for (std::int64_t j = 0; j < c.classes; ++j) dot += slope(j) * e.p[at(row, j)];
    for (std::int64_t j = 0; j < c.classes; ++j) {
      e.d_z[at(row, j)] = e.p[at(row, j)] * (slope(j) - dot) / static_cast<double>(c.k);
    }
  }
  return e;
}

constexpr double kTolerance = 2e-5, kGradientTolerance = 2e-4;

CPU_TEST(MeanSoftmax, follows_the_formula) {
  for (const Case& c : kCases) {
    const std::vector<float> z = c.logits(), d_y = random_values<float>(c.n * c.classes, 2);
    const Exact expected = exact(c, z, d_y);
    std::vector<float> p(z.size()), y(d_y.size()), d_z(z.size());
    cpu::mean_softmax(z.data(), p.data(), y.data(), c.k, c.n, c.classes);
    expect_near(p, expected.p, [](std::size_t) { return kTolerance; });
    for (std::size_t i = 0; i < y.size(); ++i) {
      // Deep down a denormal mean has few bits; it matters to nobody.
      ASSERT_NEAR(std::exp(double{y[i]}), std::exp(expected.y[i]), kTolerance);
      if (expected.y[i] > -60) {
        ASSERT_NEAR(y[i], expected.y[i], 1e-3);
      }
    }
    cpu::mean_softmax_backward(d_y.data(), y.data(), p.data(), d_z.data(), c.k, c.n, c.classes);
    expect_near(d_z, expected.d_z, [](std::size_t) { return kGradientTolerance; });
  }
}

DEVICE_TEST(MeanSoftmax, agrees_with_the_cpu) {
  for (const Case& c : kCases) {
    const std::vector<float> z = c.logits(), d_y = random_values<float>(c.n * c.classes, 2);
    std::vector<float> p = z, y(d_y.size()), d_z(z.size());
    cpu::mean_softmax(z.data(), p.data(), y.data(), c.k, c.n, c.classes);
    cpu::mean_softmax_backward(d_y.data(), y.data(), p.data(), d_z.data(), c.k, c.n, c.classes);
    DeviceBuffer<float> device_z(z), device_d(d_y);
    auto device_y = DeviceBuffer<float>::unwritten(y.size());
    // In place, as the op calls them.
    cuda::mean_softmax(nullptr, device_z.data(), device_z.data(), device_y.data(), c.k, c.n,
                       c.classes);
    expect_near(device_z.host(), p, [](std::size_t) { return kTolerance; });
    expect_near(device_y.host(), y, [](std::size_t) { return 1e-3; });
    cuda::mean_softmax_backward(nullptr, device_d.data(), device_y.data(), device_z.data(),
                                device_z.data(), c.k, c.n, c.classes);
    expect_near(device_z.host(), d_z, [](std::size_t) { return kGradientTolerance; });
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
