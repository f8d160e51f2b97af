// One step of an L2 attack on n images of `count` floats, fused: along the gradient, back into the
// ball of radius epsilon_i around the clean image, back into the pixel box.
//   d = x + alpha_i g / |g| - x0;  x = clamp(x0 + d min(1, epsilon_i / |d|), 0, 1)
// A gradient whose length is 0 or not finite moves nothing. Where the mask is 0, g and d count as
// 0. Without g there is no step, only the projection; alpha may be null then. A NaN in x stays and
// keeps its image from being projected. Reads x and x0 twice, g three times, out of cache but for
// the first; writes 1 float an element; in place on x.
#pragma once
#include "kernels/common.hpp"
#include "kernels/image_mask.hpp"

namespace phosphene::kernels::cpu {
void l2_step(float* x, const float* x0, const float* g, const float* alpha, const float* epsilon,
             ImageMask mask, std::int64_t n, std::int64_t count);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void l2_step(Stream stream, float* x, const float* x0, const float* g, const float* alpha,
             const float* epsilon, ImageMask mask, std::int64_t n, std::int64_t count);
}  // namespace phosphene::kernels::cuda
