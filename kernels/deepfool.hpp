// The two small ends of a step of DeepFool (Moosavi-Dezfooli et al. 2016) on n images at once, each
// on its own.
//
// deepfool_choose asks whether the boundary between the classes from_i and to_i is nearer than the
// nearest so far. With f = z_to - z_from of the logits z [n, classes] and l_i the length of the
// gradient of f (in L2 its Euclidean norm, in L-infinity the sum of its magnitudes)
//   d = |f| / (l_i + 1e-8);   chosen_i = d < distance_i ? 1 : 0;   if so distance_i = d and
//   scale_i = (d + 1e-4) / (l_i + 1e-8) in L2, d + 1e-4 in L-infinity
// to_i < 0 is no candidate; a NaN is never chosen. The smallest steps are the original's and
// Foolbox's: 1e-4 across the boundary.
//
// deepfool_step adds the step to the perturbation, which is kept as it is, and makes pixels of it:
//   total += scale_i g (L2) or scale_i sign(g) (L-infinity);
//   x = clamp(x0 + (1 + overshoot) total, 0, 1)
// for images of `count` pixels with active_i != 0; the others stay. n <= 65535.
// Reads 3, writes 2 floats a pixel.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
void deepfool_choose(const float* logits, const std::int32_t* from, const std::int32_t* to,
                     const float* lengths, bool linf, float* distance, float* scale, float* chosen,
                     std::int64_t n, std::int64_t classes);
void deepfool_step(const float* active, const float* scale, bool linf, float overshoot,
                   const float* x0, const float* g, float* total, float* x, std::int64_t n,
                   std::int64_t count);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void deepfool_choose(Stream stream, const float* logits, const std::int32_t* from,
                     const std::int32_t* to, const float* lengths, bool linf, float* distance,
                     float* scale, float* chosen, std::int64_t n, std::int64_t classes);
void deepfool_step(Stream stream, const float* active, const float* scale, bool linf,
                   float overshoot, const float* x0, const float* g, float* total, float* x,
                   std::int64_t n, std::int64_t count);
}  // namespace phosphene::kernels::cuda
