// Each element alike, so the threads are those of elementwise.cuh: 16 bytes of each of the three
// arrays a thread.
#pragma once
#include "kernels/elementwise.cuh"
#include "kernels/sign_step.hpp"

namespace phosphene::kernels::cuda {

struct SignStep {
  float alpha, epsilon;

  // A NaN fails both comparisons and stays.
  __device__ static float clamp(float x, float low, float high) {
    return x < low ? low : x > high ? high : x;
  }
  __device__ float operator()(float x, float x0, float g) const {
    const float step = g > 0 ? alpha : g < 0 ? -alpha : 0.0F;
    return clamp(clamp(x + step, x0 - epsilon, x0 + epsilon), 0.0F, 1.0F);
  }
};

}  // namespace phosphene::kernels::cuda
