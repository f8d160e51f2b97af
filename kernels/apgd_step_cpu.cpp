#include "kernels/apgd_point.hpp"
#include "kernels/apgd_step.hpp"
#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

struct Slot {
  float* x;
  float* old;
  const float* x0;
  const float* g;

  template <class F>
  void step(F f, std::int64_t size) const {
    for (std::int64_t i = 0; i < size; ++i) {
      const float now = x[i];
      x[i] = f(now, old[i], x0[i], g[i]);
      old[i] = now;
    }
  }
  /// The sum of f^2.
  template <class F>
  float squares(F f, std::int64_t size) const {
    double sum = 0;
    for (std::int64_t i = 0; i < size; ++i) {
      const double v = f(x[i], old[i], x0[i], g[i]);
      sum += v * v;
    }
    return static_cast<float>(sum);
  }
};

}  // namespace

void apgd_step_linf(float* x, float* old, const float* x0, const float* g, ApgdNumbers numbers,
                    std::int64_t images, std::int64_t size) {
#pragma omp parallel for if (images * size > kParallelFrom)
  for (std::int64_t n = 0; n < images; ++n) {
    const std::int64_t at = n * size;
    Slot{x + at, old + at, x0 + at, g + at}.step(ApgdLinf{{numbers, n}}, size);
  }
}

void apgd_step_l2(float* x, float* old, const float* x0, const float* g, ApgdNumbers numbers,
                  std::int64_t images, std::int64_t size) {
#pragma omp parallel for if (images * size > kParallelFrom)
  for (std::int64_t n = 0; n < images; ++n) {
    const std::int64_t at = n * size;
    const Slot slot{x + at, old + at, x0 + at, g + at};
    ApgdL2 move{{numbers, n}};
    const auto& ball = move.ball;
    move.along =
        step_factor(slot.squares([](float, float, float, float v) { return v; }, size), ball.step);
    move.first = ball_factor(slot.squares([&](float now, float, float clean,
                                              float v) { return move.stepped(now, clean, v); },
                                          size),
                             ball.epsilon);
    move.second =
        ball_factor(slot.squares([&](float now, float before, float clean,
                                     float v) { return move.inert(now, before, clean, v); },
                                 size),
                    ball.epsilon);
    slot.step(move, size);
  }
}

}  // namespace phosphene::kernels::cpu
