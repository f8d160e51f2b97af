// The proposals of the Square attack (Andriushchenko et al. 2020) for a batch of images: y from the
// best point x so far, the clean image x0 and the image's own move and radius eps. x, x0 and y hold
// `images` of c planes h x w.
//
// L-infinity: y = clamp(clamp(x + 2 eps s_c, x0 - eps, x0 + eps), 0, 1) in the square W, with a
// sign s_c for each channel c; y = x elsewhere.
//
// L2, with d = x - x0, squares W and V of the same side, and a bump b of |b| = 1 (square_bump in
// engine/attacks/square_moves.hpp), or its transpose:
//   v_c = s_c b + d_c / |d_c|  in W, lengths being taken over W
//   v_c <- v_c / |v_c| sqrt(max(eps^2 - |d|^2, 0) / channels + |d_c in W or V|^2)
//   d_c <- 0 in V, then v_c in W;  y = clamp(x0 + eps d / |d|, 0, 1)
// Lengths that are divided by have 1e-12 added. The order of the sums is fixed by the shape.
// L-infinity moves 3 floats an element; L2 reads x and x0 four times and y twice.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {

struct SquareMove {
  std::int32_t top, left;          ///< of W
  std::int32_t top_two, left_two;  ///< of V
  std::int32_t side;               ///< h and w are no smaller
  std::int32_t bump;               ///< offset of the bump, side x side, in the table
  std::int32_t transposed;         ///< 0 or 1
  std::uint32_t signs;             ///< bit c: s_c is +1; at most 32 channels
};

struct SquarePlanes {
  std::int64_t images, c, h, w;
};

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void square_step_linf(const float* x, const float* x0, const float* epsilon,
                      const SquareMove* moves, SquarePlanes planes, float* y);
void square_step_l2(const float* x, const float* x0, const float* epsilon, const SquareMove* moves,
                    const float* bumps, SquarePlanes planes, float* y);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void square_step_linf(Stream stream, const float* x, const float* x0, const float* epsilon,
                      const SquareMove* moves, SquarePlanes planes, float* y);
void square_step_l2(Stream stream, const float* x, const float* x0, const float* epsilon,
                    const SquareMove* moves, const float* bumps, SquarePlanes planes, float* y);
}  // namespace phosphene::kernels::cuda
