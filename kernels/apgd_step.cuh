// L-infinity: each element alike, one thread each; blockIdx.y runs over the images. L2: a block an
// image, since three lengths are needed, each of what the one before gives; what a thread reads
// four times it reads from L2 or L1, as an image is small.
#pragma once
#include "kernels/apgd_point.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

__global__ void apgd_step_linf_kernel(float* x, float* old, const float* x0, const float* g,
                                      ApgdNumbers numbers, std::int64_t images, std::int64_t size) {
  for (std::int64_t n = blockIdx.y; n < images; n += gridDim.y) {
    const ApgdLinf move{{numbers, n}};
    for (std::int64_t i = grid_thread(); i < size; i += grid_threads()) {
      const std::int64_t at = n * size + i;
      const float now = x[at];
      x[at] = move(now, old[at], x0[at], g[at]);
      old[at] = now;
    }
  }
}

__global__ void apgd_step_l2_kernel(float* x, float* old, const float* x0, const float* g,
                                    ApgdNumbers numbers, std::int64_t images, std::int64_t size) {
  __shared__ float warps[kWarp];
  __shared__ float total;
  const auto squares = [&](std::int64_t from, const auto& f) {
    float sum = 0;
    for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x) {
      const float v = f(from + i);
      sum += v * v;
    }
    sum = block_sum(sum, warps);
    if (threadIdx.x == 0) total = sum;
    __syncthreads();
    const float all = total;
    __syncthreads();
    return all;
  };
  for (std::int64_t n = blockIdx.x; n < images; n += gridDim.x) {
    const std::int64_t from = n * size;
    ApgdL2 move{{numbers, n}};
    move.along = step_factor(squares(from, [&](std::int64_t at) { return g[at]; }), move.ball.step);
    move.first = ball_factor(
        squares(from, [&](std::int64_t at) { return move.stepped(x[at], x0[at], g[at]); }),
        move.ball.epsilon);
    move.second = ball_factor(
        squares(from, [&](std::int64_t at) { return move.inert(x[at], old[at], x0[at], g[at]); }),
        move.ball.epsilon);
    for (std::int64_t i = threadIdx.x; i < size; i += blockDim.x) {
      const float now = x[from + i];
      x[from + i] = move(now, old[from + i], x0[from + i], g[from + i]);
      old[from + i] = now;
    }
  }
}

}  // namespace phosphene::kernels::cuda
