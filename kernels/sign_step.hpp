// One step of an L-infinity attack (chapter, 21.7), fused: step along the sign of the gradient,
// back into the epsilon-ball around the clean image, back into the pixel box.
//   x = clamp(clamp(x + alpha sign(g), x0 - epsilon, x0 + epsilon), 0, 1);  sign(0) = sign(NaN) = 0
// A NaN in x stays; one in x0 bounds nothing, so that the box alone holds there.
// Reads 3, writes 1 float an element; in place on x.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
void sign_step(float* x, const float* x0, const float* g, float alpha, float epsilon,
               std::int64_t count);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void sign_step(Stream stream, float* x, const float* x0, const float* g, float alpha, float epsilon,
               std::int64_t count);
}  // namespace phosphene::kernels::cuda
