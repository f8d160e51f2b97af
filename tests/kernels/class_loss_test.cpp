#include "kernels/class_loss.hpp"

#include <algorithm>
#include <numeric>

#include "tests/kernels/kernel_test.hpp"

// u = 2^-24, R the range of the logits. Cross-entropy: as softmax, relative (2 R + classes + 10) u
// of a gradient below 1; the loss has the logits' own rounding besides. dlr: a difference of logits
// over another, which is at least kGap where the tests draw it: 8 u R / kGap^2.
namespace phosphene::kernels::testing {
namespace {

constexpr ClassLossKind kKinds[] = {ClassLossKind::cross_entropy, ClassLossKind::margin,
                                    ClassLossKind::dlr, ClassLossKind::score};
constexpr double kRange = 16, kUnit = 0x1p-24, kGap = 0.05;
const std::vector<std::int64_t> kClasses = {2, 3, 4, 5, 10, 31, 32, 33, 100, 1000};

struct Results {
  explicit Results(std::size_t n, std::size_t classes)
      : losses(n), d_logits(n * classes), margins(n), predictions(n) {}
  std::vector<float> losses, d_logits, margins;
  std::vector<std::int32_t> predictions;
  ClassLossResult to() {
    return {losses.data(), d_logits.data(), margins.data(), predictions.data()};
  }
};

struct Images {
  Images(std::size_t n_, std::size_t classes_) : n(n_), classes(classes_) {
    std::mt19937 random(static_cast<unsigned>(classes));
    std::uniform_real_distribution<float> uniform(-8, 8);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t c = 0; c < classes; ++c) z.push_back(uniform(random));
      // The denominators of dlr stay away from 0.
      *std::max_element(z.end() - static_cast<std::ptrdiff_t>(classes), z.end()) += 1;
      label.push_back(static_cast<std::int32_t>(random() % classes));
      const auto other = static_cast<std::int32_t>(random() % (classes - 1));
      target.push_back(i % 2 == 0 ? -1 : other + (other >= label[i] ? 1 : 0));
    }
  }
  std::size_t n, classes;
  std::vector<float> z;
  std::vector<std::int32_t> label, target;

  Results run(ClassLossKind kind) const {
    Results r(n, classes);
    cpu::class_loss(z.data(), label.data(), target.data(), kind, static_cast<std::int64_t>(n),
                    static_cast<std::int64_t>(classes), r.to());
    return r;
  }
};

/// The loss of one image in double, straight from the formula.
double naive_loss(ClassLossKind kind, const std::vector<double>& z, std::size_t y, int t) {
  const bool targeted = t >= 0;
  const std::size_t own = targeted ? static_cast<std::size_t>(t) : y;
  std::vector<double> sorted = z;
  std::sort(sorted.rbegin(), sorted.rend());
  double other = -INFINITY, sum = 0;
  for (std::size_t c = 0; c < z.size(); ++c) {
    if (c != own) other = std::max(other, z[c]);
    sum += std::exp(z[c] - sorted[0]);
  }
  const double margin = targeted ? z[own] - other : other - z[own];
  const double log_softmax = z[own] - sorted[0] - std::log(sum);
  switch (kind) {
    case ClassLossKind::cross_entropy:
      return targeted ? log_softmax : -log_softmax;
    case ClassLossKind::margin:
      return margin;
    case ClassLossKind::score:
      return targeted ? z[own] : -z[own];
    case ClassLossKind::dlr:
      break;
  }
  if (z.size() < (targeted ? 4U : 3U)) return NAN;
  if (targeted) return (z[own] - z[y]) / (sorted[0] - (sorted[2] + sorted[3]) / 2 + 1e-12);
  return margin / (sorted[0] - sorted[2] + 1e-12);
}

CPU_TEST(ClassLoss, follows_the_formula) {
  for (const std::int64_t classes : kClasses) {
    const Images images(9, static_cast<std::size_t>(classes));
    for (const ClassLossKind kind : kKinds) {
      const Results r = images.run(kind);
      const double bound = (2 * kRange + static_cast<double>(classes) + 10) * kUnit * kRange +
                           8 * kUnit * kRange / (kGap * kGap);
      for (std::size_t i = 0; i < images.n; ++i) {
        const auto first = images.z.begin() + static_cast<std::ptrdiff_t>(i * images.classes);
        const std::vector<double> z(first, first + static_cast<std::ptrdiff_t>(images.classes));
        const auto y = static_cast<std::size_t>(images.label[i]);
        const double expected = naive_loss(kind, z, y, images.target[i]);
        if (std::isnan(expected)) {
          EXPECT_TRUE(std::isnan(r.losses[i]));
        } else {
          EXPECT_NEAR(r.losses[i], expected, bound);
        }
        EXPECT_NEAR(r.margins[i], naive_loss(ClassLossKind::margin, z, y, images.target[i]),
                    2 * kRange * kUnit);
        EXPECT_EQ(r.predictions[i], std::max_element(z.begin(), z.end()) - z.begin());
        // Central differences in double, exact to 1e-7 (a step of 1e-5 through smooth functions;
        // no two logits lie nearer than that).
        for (std::size_t c = 0; c < std::min<std::size_t>(images.classes, 12); ++c) {
          std::vector<double> up = z, down = z;
          up[c] += 1e-6;
          down[c] -= 1e-6;
          const double slope = (naive_loss(kind, up, y, images.target[i]) -
                                naive_loss(kind, down, y, images.target[i])) /
                               2e-6;
          EXPECT_NEAR(r.d_logits[i * images.classes + c], std::isnan(slope) ? 0 : slope,
                      bound + 1e-6)
              << "class " << c << " of " << classes << ", loss " << static_cast<int>(kind);
        }
      }
    }
  }
}

// softmax - 1 is 0 in float where the others share 1e-9, and the gradient would point elsewhere.
CPU_TEST(ClassLoss, a_confident_image_has_a_gradient_at_its_own_class) {
  const float z[] = {30, 5, 4};
  const std::int32_t label = 0, none = -1;
  Results r(1, 3);
  cpu::class_loss(z, &label, &none, ClassLossKind::cross_entropy, 1, 3, r.to());
  const double others = std::exp(-25.0) + std::exp(-26.0);
  EXPECT_NEAR(r.d_logits[0], -others, 1e-5 * others);
}

CPU_TEST(ClassLoss, of_equal_logits_the_first_counts) {
  const float z[] = {1, 2, 2, 0};
  const std::int32_t label[] = {2}, none = -1;
  Results r(1, 4);
  cpu::class_loss(z, label, &none, ClassLossKind::margin, 1, 4, r.to());
  EXPECT_EQ(r.predictions[0], 1);
  EXPECT_EQ(r.margins[0], 0);
  expect_same(r.d_logits, std::vector<float>{0, 1, -1, 0});
}

/// Rows that hold NaN, infinities and none of them, and one class alone.
struct Awkward {
  static constexpr std::size_t kRows = 5, kClassCount = 40;
  Awkward() : z(random_values<float>(kRows * kClassCount, 5)) {
    z[3] = NAN;
    z[kClassCount + 7] = INFINITY;
    z[2 * kClassCount + 1] = -INFINITY;
    z[2 * kClassCount + 39] = NAN;
    z[3 * kClassCount] = -INFINITY;
    for (std::size_t c = 0; c < kClassCount; ++c) z[4 * kClassCount + c] = NAN;
  }
  std::vector<float> z;
  std::vector<std::int32_t> label = {0, 7, 2, 0, 4}, target = {-1, -1, 3, -1, 5};
};

CPU_TEST(ClassLoss, takes_logits_that_are_not_finite) {
  const Awkward a;
  for (const ClassLossKind kind : kKinds) {
    Results r(Awkward::kRows, Awkward::kClassCount);
    cpu::class_loss(a.z.data(), a.label.data(), a.target.data(), kind, Awkward::kRows,
                    Awkward::kClassCount, r.to());
    for (std::size_t i = 0; i < Awkward::kRows; ++i) EXPECT_TRUE(std::isnan(r.losses[i])) << i;
    EXPECT_EQ(std::count(r.d_logits.begin(), r.d_logits.end(), 0.0F),
              static_cast<std::ptrdiff_t>(r.d_logits.size()));
    for (const std::size_t i : {0, 2, 4}) {
      EXPECT_EQ(r.predictions[i], -1);
      EXPECT_TRUE(std::isnan(r.margins[i]));
    }
    EXPECT_EQ(r.predictions[1], 7);
    EXPECT_EQ(r.margins[1], -INFINITY);
    EXPECT_GT(r.predictions[3], 0);
    EXPECT_EQ(r.margins[3], INFINITY);
  }
}

DEVICE_TEST(ClassLoss, agrees_with_the_cpu) {
  const auto compare = [](const std::vector<float>& z, const std::vector<std::int32_t>& label,
                          const std::vector<std::int32_t>& target, std::size_t classes) {
    const std::size_t n = label.size();
    DeviceBuffer<float> logits(z, 1);
    DeviceBuffer<std::int32_t> labels(label, 1), targets(target, 1);
    for (const ClassLossKind kind : kKinds) {
      Results expected(n, classes);
      cpu::class_loss(z.data(), label.data(), target.data(), kind, static_cast<std::int64_t>(n),
                      static_cast<std::int64_t>(classes), expected.to());
      auto losses = DeviceBuffer<float>::unwritten(n, 1);
      auto d_logits = DeviceBuffer<float>::unwritten(n * classes, 1);
      auto margins = DeviceBuffer<float>::unwritten(n, 1);
      auto predictions = DeviceBuffer<std::int32_t>::unwritten(n, 1);
      cuda::class_loss(nullptr, logits.data(), labels.data(), targets.data(), kind,
                       static_cast<std::int64_t>(n), static_cast<std::int64_t>(classes),
                       {losses.data(), d_logits.data(), margins.data(), predictions.data()});
      const double bound = (2 * kRange + static_cast<double>(classes) + 10) * kUnit * kRange +
                           16 * kUnit * kRange / (kGap * kGap);
      expect_near(losses.host(), expected.losses, [&](std::size_t) { return bound; });
      expect_near(d_logits.host(), expected.d_logits, [&](std::size_t) { return bound; });
      expect_same(margins.host(), expected.margins);
      expect_same(predictions.host(), expected.predictions);
    }
  };
  for (const std::int64_t classes : kClasses) {
    const Images images(classes < 32 ? 11 : 2, static_cast<std::size_t>(classes));
    compare(images.z, images.label, images.target, images.classes);
  }
  compare({0.5F, -2}, {0, 0}, {-1, -1}, 1);
  const Awkward a;
  compare(a.z, a.label, a.target, Awkward::kClassCount);
}

}  // namespace
}  // namespace phosphene::kernels::testing
