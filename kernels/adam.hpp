// One step of Adam (Kingma and Ba 2015), the step count t on the device and counted there:
//   t = t + 1;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2
//   x = x - rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
// Reads 4, writes 3 floats an element. b1 and b2 are double because 1 - b2 and 1 - b2^t lose five
// digits where b2 has been rounded to float first.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {
struct AdamParams {
  float rate;
  double b1 = 0.9, b2 = 0.999;
  float eps = 1e-8F;
};
}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void adam(float* x, const float* g, float* m, float* v, std::int32_t* t, std::int64_t count,
          AdamParams params);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void adam(Stream stream, float* x, const float* g, float* m, float* v, std::int32_t* t,
          std::int64_t count, AdamParams params);
}  // namespace phosphene::kernels::cuda
