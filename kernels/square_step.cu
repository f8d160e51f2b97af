#include "kernels/square_step.cuh"

#include <algorithm>

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void square_step_linf(Stream stream, const float* x, const float* x0, const float* epsilon,
                      const SquareMove* moves, SquarePlanes planes, float* y) {
  if (planes.images * planes.c * planes.h * planes.w == 0) return;
  constexpr std::int64_t kMostRows = 65535;
  const dim3 grid(blocks_for(planes.h * planes.w, kBlock).x,
                  static_cast<unsigned>(std::min(planes.images * planes.c, kMostRows)), 1);
  launch("square_step", square_step_linf_kernel, grid, kBlock, 0, stream, x, x0, epsilon, moves,
         planes, y);
}

void square_step_l2(Stream stream, const float* x, const float* x0, const float* epsilon,
                    const SquareMove* moves, const float* bumps, SquarePlanes planes, float* y) {
  if (planes.images * planes.c * planes.h * planes.w == 0) return;
  launch("square_step", square_step_l2_kernel, blocks_for(planes.images, 1), kBlock, 0, stream, x,
         x0, epsilon, moves, bumps, planes, y);
}

}  // namespace phosphene::kernels::cuda
