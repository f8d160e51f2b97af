#include "kernels/carlini_wagner.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/tanh_pixel.hpp"
#include "tests/kernels/kernel_test.hpp"

// With u = 2^-24 and exponentials and logarithms good to 2 units in the last place (4 u): a pixel
// x(w) is off by 8 u, its slope by 16 u of itself, w0 by 3 u + 4 u |w0| and so a by 12 u. These go
// through the formula as bound() says; w itself is rounded once.
namespace phosphene::kernels::testing {
namespace {

using Slot = CarliniWagnerSlot;
constexpr double kUnit = 0x1p-24;

const std::vector<Slot> kSlots = {{Slot::step, 3.0F, 0.01F / 0.19F, 22.4F},
                                  {Slot::hold, 1, 1, 1},
                                  {Slot::start, 1, 1, 1},
                                  {Slot::step, 0.0F, 0.01F, 1.0F},
                                  {Slot::step, -0.5F, 0.01F, 1.0F}};
const std::vector<std::int64_t> kPixels = {0, 1, 33, 257, 5003};

struct State {
  explicit State(std::int64_t pixels) {
    const auto n = static_cast<std::int64_t>(kSlots.size()) * pixels;
    clean = random_values<float>(n, 1, 0, 1);
    for (std::size_t i = 0; i < clean.size(); i += 5) clean[i] = i % 2 == 0 ? 0.0F : 1.0F;
    g = random_values<float>(n, 2);
    w = random_values<float>(n, 3, -8, 8);
    m = random_values<float>(n, 4);
    v = random_values<float>(n, 5, 0.01F, 1);
    x = random_values<float>(n, 6, 0, 1);
  }
  std::vector<float> clean, g, w, m, v, x;
  void step(std::int64_t pixels) {
    cpu::carlini_wagner(kSlots.data(), clean.data(), g.data(), w.data(), m.data(), v.data(),
                        x.data(), static_cast<std::int64_t>(kSlots.size()), pixels);
  }
};

/// The formula in double, and how far float may come from it.
struct Naive {
  std::vector<double> w, m, v, x, w_bound, m_bound, v_bound, x_bound;

  static double pixel(double w) { return (1 + std::tanh(w)) / 2; }
  static double slope(double w) { return 1 / (2 * std::cosh(w) * std::cosh(w)); }

  Naive(const State& s, std::int64_t pixels)
      : w(s.w.begin(), s.w.end()),
        m(s.m.begin(), s.m.end()),
        v(s.v.begin(), s.v.end()),
        x(s.x.begin(), s.x.end()),
        w_bound(w.size()),
        m_bound(w.size()),
        v_bound(w.size()),
        x_bound(w.size()) {
    for (std::size_t i = 0; i < w.size(); ++i) {
      const Slot& slot = kSlots[i / static_cast<std::size_t>(pixels)];
      if (slot.move == Slot::hold) continue;
      const double a = double{2 * 0.999999F} * s.clean[i] + double{1e-6F};
      const double b = double{2 * 0.999999F} * (1 - double{s.clean[i]}) + double{1e-6F};
      const double start = 0.5 * std::log(a / b);
      if (slot.move == Slot::start) {
        w[i] = start;
        m[i] = v[i] = 0;
        w_bound[i] = kUnit * (3 + 4 * std::abs(start));
      } else {
        step(i, slot, start, s.g[i]);
      }
      x[i] = pixel(w[i]);
      x_bound[i] = w_bound[i] * 0.5 + 8 * kUnit;
    }
  }
  void step(std::size_t i, const Slot& slot, double start, double g) {
    const double pull = 2 * (pixel(w[i]) - pixel(start)), push = slot.weight * g;
    const double d = (pull - push) * slope(w[i]);
    const double d_bound = kUnit * slope(w[i]) * (42 + 19 * std::abs(push) + 17 * std::abs(pull));
    m_bound[i] = 0.1 * d_bound + 4 * kUnit * (std::abs(m[i]) + std::abs(0.1 * d));
    v_bound[i] = 0.002 * std::abs(d) * d_bound + 4 * kUnit * (v[i] + 0.001 * d * d);
    m[i] = double{0.9F} * m[i] + double{0.1F} * d;
    v[i] = double{0.999F} * v[i] + double{0.001F} * d * d;
    const double below = slot.root * std::sqrt(v[i]) + 1e-8;
    const double move = slot.rate * m[i] / below;
    w[i] -= move;
    w_bound[i] = slot.rate * m_bound[i] / below +
                 std::abs(move) * (v_bound[i] / (2 * v[i]) + 6 * kUnit) + kUnit * std::abs(w[i]);
  }
  void expect(const State& s, double factor) const {
    expect_near(s.w, w, [&](std::size_t i) { return factor * w_bound[i]; });
    expect_near(s.m, m, [&](std::size_t i) { return factor * m_bound[i]; });
    expect_near(s.v, v, [&](std::size_t i) { return factor * v_bound[i]; });
    expect_near(s.x, x, [&](std::size_t i) { return factor * x_bound[i]; });
  }
};

CPU_TEST(CarliniWagner, follows_the_formula) {
  for (const std::int64_t pixels : kPixels) {
    State state(pixels);
    const Naive expected(state, pixels);
    state.step(pixels);
    expected.expect(state, 1);
  }
}

// Black and white pixels start within 1e-6 of where they are, with a finite w that can move.
CPU_TEST(CarliniWagner, black_and_white_start_next_to_themselves) {
  for (const float clean : {0.0F, 1.0F, 0x1p-149F, 1 - 0x1p-24F, 0.5F, 1.0F / 255}) {
    const float w = tanh_start(clean);
    EXPECT_LE(std::abs(w), 7.3F) << clean;
    const TanhPixel pixel = tanh_pixel(w);
    EXPECT_NEAR(pixel.x, clean, 5e-7 + 8 * kUnit) << clean;
    EXPECT_GT(pixel.slope, 9e-7) << clean;
  }
  for (const float w : {-1000.0F, -50.0F, 50.0F, 1000.0F}) {
    EXPECT_EQ(tanh_pixel(w).x, w < 0 ? tanh_pixel(w).slope / 2 : 1.0F);
  }
  EXPECT_TRUE(std::isnan(tanh_pixel(NAN).x));
}

/// From the start on: Adam makes a whole step of any gradient that is not exactly 0.
State after_one_step(std::int64_t pixels, bool with_gradient) {
  State state(pixels);
  if (!with_gradient) std::fill(state.g.begin(), state.g.end(), 0.0F);
  const auto n = static_cast<std::int64_t>(kSlots.size());
  std::vector<Slot> slots(kSlots.size(), {Slot::start, 0, 0, 0});
  for (int k = 0; k < 2; ++k) {
    cpu::carlini_wagner(slots.data(), state.clean.data(), state.g.data(), state.w.data(),
                        state.m.data(), state.v.data(), state.x.data(), n, pixels);
    std::fill(slots.begin(), slots.end(),
              Slot{Slot::step, 1e4F, 0.01F / 0.1F, 1 / std::sqrt(0.001F)});
  }
  return state;
}

CPU_TEST(CarliniWagner, a_gradient_of_zero_moves_nothing) {
  const State state = after_one_step(257, false);
  for (std::size_t i = 0; i < state.w.size(); ++i) {
    ASSERT_EQ(state.w[i], tanh_start(state.clean[i])) << i;
  }
}

CPU_TEST(CarliniWagner, the_first_step_is_the_rate_along_the_sign) {
  const State state = after_one_step(257, true);
  for (std::size_t i = 0; i < state.w.size(); ++i) {
    // 1e-8 in the denominator is a millionth of the smallest |d| here, 1e4 |g| 1e-6.
    if (std::abs(state.g[i]) < 1e-2F) continue;
    const double start = tanh_start(state.clean[i]);
    ASSERT_NEAR(state.w[i] - start, state.g[i] > 0 ? 0.01 : -0.01, 1e-5 * 0.01 + 8 * kUnit * 8)
        << i;
  }
}

DEVICE_TEST(CarliniWagner, agrees_with_the_cpu) {
  for (const std::int64_t pixels : kPixels) {
    for (const std::size_t offset : kOffsets) {
      State state(pixels);
      const Naive expected(state, pixels);
      DeviceBuffer<float> clean(state.clean, offset), g(state.g, offset), w(state.w, offset),
          m(state.m, offset), v(state.v, offset), x(state.x, offset);
      DeviceBuffer<Slot> slots(kSlots);
      cuda::carlini_wagner(nullptr, slots.data(), clean.data(), g.data(), w.data(), m.data(),
                           v.data(), x.data(), static_cast<std::int64_t>(kSlots.size()), pixels);
      state.w = w.host();
      state.m = m.host();
      state.v = v.host();
      state.x = x.host();
      expected.expect(state, 1);
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
