// One step of an L-infinity attack (chapter, 21.7) on n images of `count` floats, fused: step along
// the sign of the gradient, back into the epsilon-ball around the clean image, back into the pixel
// box. Each image has its own alpha and epsilon.
//   x = clamp(clamp(x + alpha_i sign(g), x0 - m epsilon_i, x0 + m epsilon_i), 0, 1)
//   sign(0) = sign(NaN) = 0; m is the mask
// Without g there is no step, only the projection; alpha may be null then. A NaN in x stays; one in
// x0 bounds nothing, so that the box alone holds there. Reads 3 (and the mask), writes 1 float an
// element; in place on x. At most 65535 images.
#pragma once
#include "kernels/common.hpp"
#include "kernels/image_mask.hpp"

namespace phosphene::kernels::cpu {
void sign_step(float* x, const float* x0, const float* g, const float* alpha, const float* epsilon,
               ImageMask mask, std::int64_t n, std::int64_t count);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void sign_step(Stream stream, float* x, const float* x0, const float* g, const float* alpha,
               const float* epsilon, ImageMask mask, std::int64_t n, std::int64_t count);
}  // namespace phosphene::kernels::cuda
