#include "kernels/resize.hpp"

#include <algorithm>

#include "tests/kernels/kernel_test.hpp"

// Each pass is a mean of t taps with positive weights: t roundings of the sum, and three of each
// weight, so (t + 4) 2^-24 of the largest pixel, and twice that for both passes.
namespace phosphene::kernels::testing {
namespace {

struct Case {
  std::int64_t planes, h, w, out_h, out_w;
  std::int64_t count() const { return planes * h * w; }
  std::int64_t out_count() const { return planes * out_h * out_w; }
  std::int64_t scratch() const { return planes * h * out_w; }
  double tolerance() const {
    const auto taps = [](std::int64_t in, std::int64_t out) {
      return 2 * static_cast<double>(in) / static_cast<double>(std::min(in, out)) + 2;
    };
    return (taps(h, out_h) + taps(w, out_w) + 8) * 0x1p-24;
  }
};
const std::vector<Case> kCases = {{0, 4, 4, 2, 2},     {3, 1, 1, 1, 1},     {1, 1, 1, 5, 3},
                                  {1, 7, 5, 3, 4},     {3, 3, 2, 5, 7},     {2, 13, 4, 2, 4},
                                  {1, 31, 33, 32, 32}, {1, 64, 48, 1, 1},   {2, 17, 19, 17, 19},
                                  {1, 2, 701, 3, 300}, {1, 9, 300, 9, 601}, {3, 37, 41, 18, 20}};

std::vector<double> naive_weights(std::int64_t in, std::int64_t out, std::int64_t i) {
  const double ratio = static_cast<double>(in) / static_cast<double>(out);
  const double centre = (static_cast<double>(i) + 0.5) * ratio, support = std::max(1.0, ratio);
  std::vector<double> weights;
  double sum = 0;
  for (std::int64_t j = 0; j < in; ++j) {
    const double distance = std::abs(static_cast<double>(j) + 0.5 - centre) / support;
    weights.push_back(distance < 1 - 1e-12 ? 1 - distance : 0);
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

std::vector<double> naive(const std::vector<float>& x, const Case& c) {
  std::vector<double> y;
  for (std::int64_t plane = 0; plane < c.planes; ++plane) {
    for (std::int64_t i = 0; i < c.out_h; ++i) {
      const std::vector<double> down = naive_weights(c.h, c.out_h, i);
      for (std::int64_t j = 0; j < c.out_w; ++j) {
        const std::vector<double> across = naive_weights(c.w, c.out_w, j);
        double sum = 0;
        for (std::size_t ii = 0; ii < down.size(); ++ii) {
          if (down[ii] == 0) continue;
          for (std::size_t jj = 0; jj < across.size(); ++jj) {
            if (across[jj] == 0) continue;
            const std::size_t from = static_cast<std::size_t>(plane * c.h) + ii;
            sum += down[ii] * across[jj] * x[from * static_cast<std::size_t>(c.w) + jj];
          }
        }
        y.push_back(sum);
      }
    }
  }
  return y;
}

std::vector<float> resized(const std::vector<float>& x, const Case& c) {
  std::vector<float> y(static_cast<std::size_t>(c.out_count()), 9);
  std::vector<float> scratch(static_cast<std::size_t>(c.scratch()));
  cpu::resize(x.data(), c.planes, c.h, c.w, c.out_h, c.out_w, scratch.data(), y.data());
  return y;
}

CPU_TEST(Resize, follows_the_formula) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(&c - kCases.data());
    const std::vector<float> x = rarely_awkward_values<float>(c.count(), 1);
    expect_near(resized(x, c), naive(x, c), [&](std::size_t) { return c.tolerance(); });
  }
}

// Pillow 's Image.fromarray(x, 'F').resize((out_w, out_h), Image.BILINEAR) on
// x[i, j] = (31 i + 17 j + 7 i j) % 23 / 23 in float32. It rounds between the passes, too.
CPU_TEST(Resize, equals_pillow) {
  const std::pair<Case, std::vector<float>> goldens[] = {
      {{1, 7, 5, 3, 4},
       {0.33385092F, 0.440993786F, 0.440993786F, 0.548136652F, 0.353580564F, 0.379156023F,
        0.316496164F, 0.386189282F, 0.400621116F, 0.285455495F, 0.43219462F, 0.519409895F}},
      {{1, 3, 2, 5, 7},
       {0.0F,         0.0F,         0.158385098F, 0.369565219F,  0.580745339F, 0.739130437F,
        0.739130437F, 0.139130443F, 0.139130443F, 0.237888202F,  0.369565219F, 0.50124222F,
        0.600000024F, 0.600000024F, 0.347826093F, 0.347826093F,  0.357142866F, 0.369565219F,
        0.381987572F, 0.391304344F, 0.391304344F, 0.556521773F,  0.556521773F, 0.476397514F,
        0.369565219F, 0.262732923F, 0.182608694F, 0.182608694F,  0.695652187F, 0.695652187F,
        0.555900633F, 0.369565219F, 0.183229819F, 0.0434782617F, 0.0434782617F}},
      {{1, 13, 4, 2, 4},
       {0.361927152F, 0.410987079F, 0.331668615F, 0.380728543F, 0.447121024F, 0.562279642F,
        0.20446533F, 0.42773208F}}};
  for (const auto& [c, expected] : goldens) {
    std::vector<float> x;
    for (std::int64_t i = 0; i < c.h; ++i) {
      for (std::int64_t j = 0; j < c.w; ++j) {
        x.push_back(static_cast<float>((31 * i + 17 * j + 7 * i * j) % 23) / 23);
      }
    }
    const double tolerance = c.tolerance() + 2 * 0x1p-24;
    expect_near(resized(x, c), expected, [&](std::size_t) { return tolerance; });
  }
}

DEVICE_TEST(Resize, agrees_with_the_cpu) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(&c - kCases.data());
    const std::vector<float> x = rarely_awkward_values<float>(c.count(), 1);
    DeviceBuffer<float> in(x, 1);
    auto scratch = DeviceBuffer<float>::unwritten(static_cast<std::size_t>(c.scratch()));
    auto y = DeviceBuffer<float>::unwritten(static_cast<std::size_t>(c.out_count()));
    cuda::resize(nullptr, in.data(), c.planes, c.h, c.w, c.out_h, c.out_w, scratch.data(),
                 y.data());
    expect_near(y.host(), resized(x, c), [&](std::size_t) { return 2 * c.tolerance(); });
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
