#include "kernels/total_variation.hpp"

#include <algorithm>

#include "tests/kernels/kernel_test.hpp"

namespace phosphene::kernels::testing {
namespace {

constexpr float kWeight = 0.3F, kLossBefore = 0.25F;
constexpr float kBetas[] = {1.0F, 1.5F, 2.0F, 3.0F};

struct Shape {
  std::int64_t planes, h, w;
  std::int64_t count() const { return planes * h * w; }
};
constexpr std::int64_t kSumRows = 1024;  // rows that the blocks of a device take at once
constexpr Shape kShapes[] = {{0, 3, 3}, {1, 1, 1},  {3, 1, 7},    {1, 5, 1},
                             {3, 2, 2}, {2, 9, 33}, {3, 13, 300}, {1, 1100, 3}};

// Random, with a flat corner where the gradient of every power is 0.
std::vector<float> image(Shape s) {
  std::vector<float> x = random_values<float>(s.count(), 1, 0, 1);
  for (std::int64_t i = 0; i < s.planes * s.h; ++i) {
    if (i % s.h >= 4) continue;
    for (std::int64_t j = 0; j < std::min<std::int64_t>(s.w, 3); ++j) {
      x[static_cast<std::size_t>(i * s.w + j)] = 0.5F;
    }
  }
  return x;
}

struct Naive {
  double loss = kLossBefore;
  std::vector<double> d_x, magnitude;  // the gradient, and the sum of its terms' magnitudes
};

Naive naive(const std::vector<float>& x, const std::vector<float>& d_before, Shape s, double beta) {
  Naive result;
  result.d_x.assign(d_before.begin(), d_before.end());
  result.magnitude.resize(x.size());
  const auto send = [&](std::int64_t to, double g) {
    result.d_x[static_cast<std::size_t>(to)] += kWeight * g;
    result.magnitude[static_cast<std::size_t>(to)] += kWeight * std::abs(g);
  };
  for (std::int64_t i = 0; i < s.count(); ++i) {
    const auto at = [&](std::int64_t k) { return double{x[static_cast<std::size_t>(k)]}; };
    const bool right = i % s.w + 1 < s.w, below = i / s.w % s.h + 1 < s.h;
    const double u = right ? at(i + 1) - at(i) : 0, v = below ? at(i + s.w) - at(i) : 0;
    const double q = u * u + v * v;
    if (q == 0) continue;
    result.loss += kWeight * std::pow(q, beta / 2);
    const double slope = beta * std::pow(q, beta / 2 - 1);
    send(i, -slope * u);
    send(i, -slope * v);
    if (right) send(i + 1, slope * u);
    if (below) send(i + s.w, slope * v);
  }
  return result;
}

// In roundings: the differences 1, q = u^2 + v^2 4 with them, of which a power up to 1.5 makes 6,
// powf 8 (CUDA states 4 units in the last place), the products and sums of a gather 5, the weight
// and the addition to d_x 2. The loss adds the sums of reduce_test.
constexpr double kGradient = 21, kCpuLoss = 21, kDeviceLoss = 21 + 33;

double gradient_tolerance(const Naive& n, std::size_t i) {
  return kGradient * rounding<float>(n.magnitude[i]) + rounding<float>(n.d_x[i]);
}

CPU_TEST(TotalVariation, follows_the_formula) {
  for (const Shape& s : kShapes) {
    for (const float beta : kBetas) {
      const auto x = image(s), d_before = random_values<float>(s.count(), 2);
      const Naive expected = naive(x, d_before, s, beta);
      std::vector<float> d_x = d_before, scratch(kReductionScratch);
      float loss = kLossBefore;
      cpu::total_variation(x.data(), s.planes, s.h, s.w, kWeight, beta, d_x.data(), scratch.data(),
                           &loss);
      EXPECT_NEAR(loss, expected.loss, kCpuLoss * kRoundoff<float> * expected.loss);
      expect_near(d_x, expected.d_x,
                  [&](std::size_t i) { return gradient_tolerance(expected, i); });
    }
  }
}

DEVICE_TEST(TotalVariation, agrees_with_the_cpu) {
  for (const Shape& s : kShapes) {
    for (const float beta : kBetas) {
      if (s.h > kSumRows && beta != 1) continue;  // thousands of blocks: once is enough
      const auto x = image(s), d_before = random_values<float>(s.count(), 2);
      const Naive bound = naive(x, d_before, s, beta);
      std::vector<float> expected = d_before, partial(kReductionScratch);
      float expected_loss = kLossBefore;
      cpu::total_variation(x.data(), s.planes, s.h, s.w, kWeight, beta, expected.data(),
                           partial.data(), &expected_loss);
      DeviceBuffer<float> in(x, 1), d_x(d_before, 1), loss({kLossBefore});
      auto scratch = DeviceBuffer<float>::unwritten(kReductionScratch);
      cuda::total_variation(nullptr, in.data(), s.planes, s.h, s.w, kWeight, beta, d_x.data(),
                            scratch.data(), loss.data());
      EXPECT_NEAR(loss.host()[0], expected_loss,
                  (kCpuLoss + kDeviceLoss) * kRoundoff<float> * expected_loss);
      expect_near(d_x.host(), expected,
                  [&](std::size_t i) { return 2 * gradient_tolerance(bound, i); });
    }
  }
}

// The gradients that the terms with this pixel reach, and no others; for beta = 2 the two halves of
// a term are apart.
void expect_nan_around(const std::vector<float>& d_x, std::int64_t w, std::int64_t at, float beta) {
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(d_x.size()); ++i) {
    const bool beside = i == at || i == at - 1 || i == at + 1 || i == at - w || i == at + w;
    const bool across = beta != 2 && (i == at - w + 1 || i == at + w - 1);
    EXPECT_EQ(std::isnan(d_x[static_cast<std::size_t>(i)]), beside || across) << "pixel " << i;
  }
}

CPU_TEST(TotalVariation, a_nan_shows_in_its_neighbours) {
  for (const float beta : kBetas) {
    auto x = random_values<float>(49, 1);
    x[24] = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> d_x(49), scratch(kReductionScratch);
    float loss = 0;
    cpu::total_variation(x.data(), 1, 7, 7, kWeight, beta, d_x.data(), scratch.data(), &loss);
    expect_nan_around(d_x, 7, 24, beta);
    EXPECT_TRUE(std::isnan(loss));
  }
}

DEVICE_TEST(TotalVariation, a_nan_shows_in_its_neighbours) {
  for (const float beta : kBetas) {
    auto x = random_values<float>(49, 1);
    x[24] = std::numeric_limits<float>::quiet_NaN();
    DeviceBuffer<float> in(x), d_x(std::vector<float>(49)), loss({0.0F});
    auto scratch = DeviceBuffer<float>::unwritten(kReductionScratch);
    cuda::total_variation(nullptr, in.data(), 1, 7, 7, kWeight, beta, d_x.data(), scratch.data(),
                          loss.data());
    expect_nan_around(d_x.host(), 7, 24, beta);
    EXPECT_TRUE(std::isnan(loss.host()[0]));
  }
}

// The naive formula says which gradients an infinity reaches, and that they are not finite; whether
// they are infinite or NaN hangs on how its terms are grouped.
void expect_near_or_not_finite(const std::vector<float>& d_x, const Naive& expected) {
  for (std::size_t i = 0; i < d_x.size(); ++i) {
    if (std::isfinite(expected.d_x[i])) {
      EXPECT_NEAR(d_x[i], expected.d_x[i], gradient_tolerance(expected, i)) << i;
    } else {
      EXPECT_FALSE(std::isfinite(d_x[i])) << i;
    }
  }
}

std::vector<float> with_infinities() {
  auto x = random_values<float>(49, 1);
  x[24] = std::numeric_limits<float>::infinity();
  x[36] = -std::numeric_limits<float>::infinity();
  x[3] = 1e-40F;
  return x;
}
constexpr Shape kSquare{1, 7, 7};

CPU_TEST(TotalVariation, takes_infinities_where_the_formula_does) {
  for (const float beta : kBetas) {
    const auto x = with_infinities();
    const Naive expected = naive(x, std::vector<float>(49), kSquare, beta);
    std::vector<float> d_x(49), scratch(kReductionScratch);
    float loss = 0;
    cpu::total_variation(x.data(), 1, 7, 7, kWeight, beta, d_x.data(), scratch.data(), &loss);
    expect_near_or_not_finite(d_x, expected);
    EXPECT_EQ(loss, std::numeric_limits<float>::infinity());
  }
}

DEVICE_TEST(TotalVariation, takes_infinities_where_the_formula_does) {
  for (const float beta : kBetas) {
    const auto x = with_infinities();
    const Naive expected = naive(x, std::vector<float>(49), kSquare, beta);
    DeviceBuffer<float> in(x), d_x(std::vector<float>(49)), loss({0.0F});
    auto scratch = DeviceBuffer<float>::unwritten(kReductionScratch);
    cuda::total_variation(nullptr, in.data(), 1, 7, 7, kWeight, beta, d_x.data(), scratch.data(),
                          loss.data());
    expect_near_or_not_finite(d_x.host(), expected);
    EXPECT_EQ(loss.host()[0], std::numeric_limits<float>::infinity());
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
