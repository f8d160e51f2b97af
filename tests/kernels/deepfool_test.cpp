#include "kernels/deepfool.hpp"

#include <algorithm>
#include <cmath>

#include "tests/kernels/kernel_test.hpp"

// With u = 2^-24: a distance is a difference, a sum and a quotient, 3 u of itself; a scale 3 u
// more. A step rounds scale g, total and (1 + overshoot) total, or fewer where the device
// contracts.
namespace phosphene::kernels::testing {
namespace {

constexpr double kUnit = 0x1p-24;
constexpr float kOvershoot = 0.02F;

struct Choice {
  Choice(std::int64_t n_, std::int64_t classes_) : n(n_), classes(classes_) {
    logits = random_values<float>(n * classes, 1, -10, 10);
    lengths = random_values<float>(n, 2, 0, 3);
    distance = random_values<float>(n, 3, 0, 5);
    scale = random_values<float>(n, 4);
    chosen = std::vector<float>(static_cast<std::size_t>(n), NAN);
    for (std::int64_t i = 0; i < n; ++i) {
      from.push_back(static_cast<std::int32_t>(i % classes));
      to.push_back(i % 7 == 3 ? -1 : static_cast<std::int32_t>((3 * i + 1) % classes));
      const auto at = static_cast<std::size_t>(i);
      if (i % 11 == 2) distance[at] = INFINITY;  // no candidate so far
      if (i % 13 == 4) lengths[at] = 0;
      if (i % 17 == 5) lengths[at] = NAN;
      if (i % 19 == 6) logits[at * static_cast<std::size_t>(classes) + i % classes] = INFINITY;
    }
  }
  std::int64_t n, classes;
  std::vector<float> logits, lengths, distance, scale, chosen;
  std::vector<std::int32_t> from, to;
};

const std::vector<std::pair<std::int64_t, std::int64_t>> kChoices = {
    {0, 3}, {1, 2}, {33, 10}, {300, 7}, {64, 1000}};

void naive_choice(Choice& c, std::vector<double>& distance, std::vector<double>& scale, bool linf) {
  for (std::size_t i = 0; i < c.to.size(); ++i) {
    c.chosen[i] = 0;
    if (c.to[i] < 0) continue;
    const std::size_t z = i * static_cast<std::size_t>(c.classes);
    const double f = std::abs(double{c.logits[z + static_cast<std::size_t>(c.to[i])]} -
                              c.logits[z + static_cast<std::size_t>(c.from[i])]);
    const double length = double{c.lengths[i]} + 1e-8, d = f / length;
    if (!(d < distance[i])) continue;
    c.chosen[i] = 1;
    distance[i] = d;
    scale[i] = linf ? d + 1e-4 : (d + 1e-4) / length;
  }
}

CPU_TEST(Deepfool, chooses_the_nearest_boundary) {
  for (const auto& [n, classes] : kChoices) {
    for (const bool linf : {false, true}) {
      Choice c(n, classes), naive(n, classes);
      std::vector<double> distance(c.distance.begin(), c.distance.end());
      std::vector<double> scale(c.scale.begin(), c.scale.end());
      naive_choice(naive, distance, scale, linf);
      cpu::deepfool_choose(c.logits.data(), c.from.data(), c.to.data(), c.lengths.data(), linf,
                           c.distance.data(), c.scale.data(), c.chosen.data(), n, classes);
      expect_same(c.chosen, naive.chosen);
      expect_near(c.distance, distance,
                  [&](std::size_t i) { return 4 * kUnit * std::abs(distance[i]); });
      expect_near(c.scale, scale, [&](std::size_t i) { return 8 * kUnit * std::abs(scale[i]); });
    }
  }
}

DEVICE_TEST(Deepfool, chooses_as_the_cpu_does) {
  for (const auto& [n, classes] : kChoices) {
    for (const bool linf : {false, true}) {
      Choice c(n, classes);
      DeviceBuffer<float> logits(c.logits), lengths(c.lengths), distance(c.distance),
          scale(c.scale), chosen(c.chosen);
      DeviceBuffer<std::int32_t> from(c.from), to(c.to);
      cpu::deepfool_choose(c.logits.data(), c.from.data(), c.to.data(), c.lengths.data(), linf,
                           c.distance.data(), c.scale.data(), c.chosen.data(), n, classes);
      cuda::deepfool_choose(nullptr, logits.data(), from.data(), to.data(), lengths.data(), linf,
                            distance.data(), scale.data(), chosen.data(), n, classes);
      expect_same(chosen.host(), c.chosen);
      expect_near(distance.host(), c.distance,
                  [&](std::size_t i) { return 8 * kUnit * std::abs(double{c.distance[i]}); });
      expect_near(scale.host(), c.scale,
                  [&](std::size_t i) { return 16 * kUnit * std::abs(double{c.scale[i]}); });
    }
  }
}

const std::vector<float> kActive = {1, 0, 1, 1};
const std::vector<float> kScale = {0.5F, 9.0F, 0.001F, 0.0F};
const std::vector<std::int64_t> kPixels = {0, 1, 33, 257, 9001};

struct Step {
  explicit Step(std::int64_t pixels) {
    const std::int64_t count = static_cast<std::int64_t>(kActive.size()) * pixels;
    x0 = random_values<float>(count, 1, 0, 1);
    g = random_values<float>(count, 2);
    for (std::size_t i = 0; i < g.size(); i += 6) g[i] = i % 4 == 0 ? 0.0F : -0.0F;
    for (std::size_t i = 5; i < g.size(); i += 101) x0[i] = NAN;
    total = random_values<float>(count, 3, -0.3F, 0.3F);
    x = random_values<float>(count, 4, 0, 1);
  }
  std::vector<float> x0, g, total, x;
};

void expect_step(const Step& done, const Step& before, std::int64_t pixels, bool linf) {
  std::vector<double> total(before.total.begin(), before.total.end());
  std::vector<double> x(before.x.begin(), before.x.end());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t image = i / static_cast<std::size_t>(pixels);
    if (kActive[image] == 0) continue;
    const double g = before.g[i], sign = g > 0 ? 1 : g < 0 ? -1 : 0;
    total[i] += double{kScale[image]} * (linf ? sign : g);
    const double moved = before.x0[i] + double{1 + kOvershoot} * total[i];
    x[i] = std::isnan(moved) ? moved : std::clamp(moved, 0.0, 1.0);
  }
  // |scale g| <= 0.5 and |total| < 1: at most 1 + 1 units each; then two more roundings below 2.
  expect_near(done.total, total, [](std::size_t) { return 2 * kUnit; });
  expect_near(done.x, x, [](std::size_t) { return 6 * kUnit; });
}

CPU_TEST(Deepfool, steps_by_the_formula) {
  for (const std::int64_t pixels : kPixels) {
    for (const bool linf : {false, true}) {
      const Step before(pixels);
      Step done = before;
      cpu::deepfool_step(kActive.data(), kScale.data(), linf, kOvershoot, done.x0.data(),
                         done.g.data(), done.total.data(), done.x.data(),
                         static_cast<std::int64_t>(kActive.size()), pixels);
      expect_step(done, before, pixels, linf);
    }
  }
}

DEVICE_TEST(Deepfool, steps_as_the_cpu_does) {
  for (const std::int64_t pixels : kPixels) {
    for (const bool linf : {false, true}) {
      for (const std::size_t offset : kOffsets) {
        const Step before(pixels);
        Step done = before;
        DeviceBuffer<float> active(kActive), scale(kScale), x0(before.x0, offset),
            g(before.g, offset), total(before.total, offset), x(before.x, offset);
        cuda::deepfool_step(nullptr, active.data(), scale.data(), linf, kOvershoot, x0.data(),
                            g.data(), total.data(), x.data(),
                            static_cast<std::int64_t>(kActive.size()), pixels);
        done.total = total.host();
        done.x = x.host();
        expect_step(done, before, pixels, linf);
      }
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
