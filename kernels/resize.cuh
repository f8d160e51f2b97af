// Two kernels, each with one thread an output and neighbouring threads along a row: down the
// columns every read is a run of a row; along the rows the threads' supports overlap and meet in
// L1. Weights are computed where they are used, from whole numbers: it is a resize or two a run.
#pragma once
#include "kernels/maps_grid.cuh"
#include "kernels/resize.hpp"

namespace phosphene::kernels::cuda {

/// Output i of one axis, whose pixels lie `stride` floats apart from `x` on.
__device__ inline float resize_sum(const float* x, std::int64_t stride, ResizeAxis axis,
                                   std::int64_t i) {
  float sum = 0, weights = 0;
  for (std::int64_t j = axis.first(i); j < axis.last(i); ++j) {
    const float weight = axis.weight(i, j);
    sum += weight * x[j * stride];
    weights += weight;
  }
  return sum / weights;
}

/// rows x axis.in to rows x axis.out.
__global__ void resize_rows_kernel(const float* x, float* y, std::int64_t rows, ResizeAxis axis) {
  for_each_pack(rows, axis.out, 1, [&](std::int64_t row, std::int64_t col, std::int64_t) {
    y[row * axis.out + col] = resize_sum(x + row * axis.in, 1, axis, col);
  });
}

/// planes x axis.in x w to planes x axis.out x w.
__global__ void resize_columns_kernel(const float* x, float* y, std::int64_t planes, std::int64_t w,
                                      ResizeAxis axis) {
  for_each_pack(planes * axis.out, w, 1, [&](std::int64_t row, std::int64_t col, std::int64_t) {
    const float* plane = x + row / axis.out * axis.in * w;
    y[row * w + col] = resize_sum(plane + col, w, axis, row % axis.out);
  });
}

}  // namespace phosphene::kernels::cuda
