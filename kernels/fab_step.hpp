// One step of the Fast Adaptive Boundary attack (Croce and Hein 2020) for a batch of images, each
// with its class difference f at x, the gradient w of it and what is to be done:
//   step  H = {v: f + w . (v - x) = 0};  d = p(x) - x, d0 = p(x0) - x0, p the projection below;
//         a = min(|d| / (|d| + |d0|), alpha_max), lengths of at least 1e-8;
//         x = clamp((1 - a) (x + eta d) + a (x0 + eta d0), 0, 1)
//   back  x = x0 + beta (x - x0)
//   stay  x as it is
//
// p(v) is the point of H within the box [0,1] that is nearest to v, in L-infinity or L2, and where
// the box lies on one side of H the corner that is nearest to H. With c = f + w . (v - x) and
// r_i the room of v_i in the direction -sign(c w_i) to its end of the box, |d_i| = min(m u_i, r_i)
// with u_i = 1 (L-infinity) or |w_i| (L2) for the m > 0 with
//   F(m) = sum of |w_i| min(m u_i, r_i) = |c|.
// F is piecewise linear and concave, so Newton's steps from m = 0 rise to the root and end there,
// at the latest after as many as there are different r_i / u_i; at most kFabRounds are made, and
// what then misses is too short a step. Elements with w_i = 0, in L2 also |w_i| < 1e-8 as the
// original's, do not move. The error is that of the sums:
// |F(m) - |c|| <= 2^-24 (size / 256 + 20) sum of |w_i| r_i.
//
// f or w of NaN moves nothing out of [0,1]. `size` elements an image. Reads x, x0 and w once for
// each of the rounds.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {

enum class FabMove : std::int32_t { stay, step, back };

struct FabFactors {
  float alpha_max, eta, beta;
};

constexpr int kFabRounds = 64;

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void fab_step(float* x, const float* x0, const float* w, const float* f, const FabMove* moves,
              FabFactors factors, bool l2, std::int64_t images, std::int64_t size);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void fab_step(Stream stream, float* x, const float* x0, const float* w, const float* f,
              const FabMove* moves, FabFactors factors, bool l2, std::int64_t images,
              std::int64_t size);
}  // namespace phosphene::kernels::cuda
