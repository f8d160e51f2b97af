// What both versions of kernels/apgd_step.hpp do with one element.
#pragma once
#include <cmath>

#include "kernels/apgd_step.hpp"
#include "kernels/clamped.hpp"

namespace phosphene::kernels {

/// x + a (z - x) + (1 - a) (x - old)
PHOSPHENE_HOST_DEVICE inline float with_inertia(float x, float z, float old, float a) {
  return x + (z - x) * a + (x - old) * (1.0F - a);
}

struct ApgdBall {
  float step, epsilon, inertia;
  PHOSPHENE_HOST_DEVICE ApgdBall(ApgdNumbers numbers, std::int64_t image)
      : step(numbers.step[image]),
        epsilon(numbers.epsilon[image]),
        inertia(numbers.inertia[image]) {}
};

struct ApgdLinf {
  ApgdBall ball;
  PHOSPHENE_HOST_DEVICE float project(float v, float x0) const {
    return clamped(clamped(v, x0 - ball.epsilon, x0 + ball.epsilon), 0.0F, 1.0F);
  }
  PHOSPHENE_HOST_DEVICE float operator()(float x, float old, float x0, float g) const {
    const float step = g > 0 ? ball.step : g < 0 ? -ball.step : 0.0F;
    const float z = project(x + step, x0);
    return project(with_inertia(x, z, old, ball.inertia), x0);
  }
};

/// The factor min(|d|, eps) / (|d| + 1e-12) of a projection, of |d|^2.
PHOSPHENE_HOST_DEVICE inline float ball_factor(float squares, float epsilon) {
  const float length = sqrtf(squares);
  return (length < epsilon ? length : epsilon) / (length + 1e-12F);
}

/// s / (|g| + 1e-12) of |g|^2; 0 where g has no direction.
PHOSPHENE_HOST_DEVICE inline float step_factor(float squares, float step) {
  return squares > 0 ? step / (sqrtf(squares) + 1e-12F) : 0.0F;
}

struct ApgdL2 {
  ApgdBall ball;
  float along = 0;   ///< step_factor of g
  float first = 0;   ///< ball_factor of the step
  float second = 0;  ///< ball_factor of the step with inertia

  PHOSPHENE_HOST_DEVICE float stepped(float x, float x0, float g) const {
    return (along == 0 ? x : x + along * g) - x0;
  }
  PHOSPHENE_HOST_DEVICE float inert(float x, float old, float x0, float g) const {
    const float z = clamped(x0 + stepped(x, x0, g) * first, 0.0F, 1.0F);
    return with_inertia(x, z, old, ball.inertia) - x0;
  }
  PHOSPHENE_HOST_DEVICE float operator()(float x, float old, float x0, float g) const {
    return clamped(x0 + inert(x, old, x0, g) * second, 0.0F, 1.0F);
  }
};

}  // namespace phosphene::kernels
