// L-infinity: one thread a pixel of a plane; blockIdx.y runs over the planes. L2: a block an image,
// since each channel needs two sums before it can be written and the last line one over all.
#pragma once
#include "kernels/simt.hpp"
#include "kernels/square_point.hpp"

namespace phosphene::kernels::cuda {

__global__ void square_step_linf_kernel(const float* x, const float* x0, const float* epsilon,
                                        const SquareMove* moves, SquarePlanes planes, float* y) {
  const std::int64_t pixels = planes.h * planes.w;
  for (std::int64_t plane = blockIdx.y; plane < planes.images * planes.c; plane += gridDim.y) {
    const std::int64_t n = plane / planes.c;
    const SquareMove move = moves[n];
    const float sign = square_sign(move, plane % planes.c);
    for (std::int64_t i = grid_thread(); i < pixels; i += grid_threads()) {
      const std::int64_t at = plane * pixels + i;
      y[at] = in_first(move, i / planes.w, i % planes.w)
                  ? square_linf(x[at], x0[at], epsilon[n], sign)
                  : x[at];
    }
  }
}

/// block_sum in every thread; `total` is shared.
__device__ inline float everywhere(float value, float* warps, float* total) {
  value = block_sum(value, warps);
  if (threadIdx.x == 0) *total = value;
  __syncthreads();
  const float all = *total;
  __syncthreads();
  return all;
}

__global__ void __launch_bounds__(kBlock)
    square_step_l2_kernel(const float* x, const float* x0, const float* epsilon,
                          const SquareMove* moves, const float* bumps, SquarePlanes planes,
                          float* y) {
  __shared__ float warps[kWarp];
  __shared__ float total;
  const std::int64_t pixels = planes.h * planes.w, size = planes.c * pixels;
  for (std::int64_t n = blockIdx.x; n < planes.images; n += gridDim.x) {
    const SquareMove m = moves[n];
    const std::int64_t from = n * size;
    float sum = 0;
    for (std::int64_t i = from + threadIdx.x; i < from + size; i += blockDim.x) {
      const float d = x[i] - x0[i];
      sum += d * d;
    }
    const float whole = everywhere(sum, warps, &total);
    sum = 0;
    for (std::int64_t c = 0; c < planes.c; ++c) {
      const std::int64_t at = from + c * pixels;
      const float sign = square_sign(m, c);
      float first = 0, windows = 0, bumped = 0;
      for (std::int64_t i = threadIdx.x; i < pixels; i += blockDim.x) {
        const bool in = in_first(m, i / planes.w, i % planes.w);
        const float d = x[at + i] - x0[at + i];
        if (in) first += d * d;
        if (in || in_second(m, i / planes.w, i % planes.w)) windows += d * d;
      }
      const float over = inverse_length(everywhere(first, warps, &total));
      windows = everywhere(windows, warps, &total);
      for (std::int64_t i = threadIdx.x; i < pixels; i += blockDim.x) {
        const std::int64_t row = i / planes.w, col = i % planes.w;
        const bool in = in_first(m, row, col);
        const float d = x[at + i] - x0[at + i];
        const float v = in                       ? square_bumped(m, bumps, row, col, sign, d, over)
                        : in_second(m, row, col) ? 0.0F
                                                 : d;
        if (in) bumped += v * v;
        y[at + i] = v;
      }
      bumped = everywhere(bumped, warps, &total);
      const float scale = square_scale(epsilon[n], whole, windows, bumped, planes.c);
      for (std::int64_t i = threadIdx.x; i < pixels; i += blockDim.x) {
        const bool in = in_first(m, i / planes.w, i % planes.w);
        const float v = in ? y[at + i] * scale : y[at + i];
        y[at + i] = v;
        sum += v * v;
      }
    }
    const float factor = epsilon[n] * inverse_length(everywhere(sum, warps, &total));
    for (std::int64_t i = from + threadIdx.x; i < from + size; i += blockDim.x) {
      y[i] = in_unit(x0[i] + factor * y[i]);
    }
  }
}

}  // namespace phosphene::kernels::cuda
