// The threads of maps_grid.cuh, one for 16 bytes of channels of a pixel where they divide: forward
// a thread owns an output and sums its rectangle, backward it owns an input pixel and sums over
// the rectangles it lies in, so that nothing is added to by two threads. Both kinds of pooling are
// one kernel, told apart by the geometry.
#pragma once
#include "kernels/avg_pool.hpp"
#include "kernels/avg_pool_geometry.hpp"
#include "kernels/maps_grid.cuh"

namespace phosphene::kernels::cuda {

template <int kWidth, class T, class Geometry>
__global__ void average_kernel(const T* x, T* y, Geometry geometry) {
  const Maps &in = geometry.x, &out = geometry.y;
  const auto body = [&](std::int64_t row, std::int64_t col, std::int64_t pack) {
    const std::int64_t image = row / out.h, i = row % out.h;
    const Range rows = geometry.rows(i), cols = geometry.cols(col);
    float sum[kWidth] = {};
    for (std::int64_t ii = rows.first; ii < rows.last; ++ii) {
      for (std::int64_t jj = cols.first; jj < cols.last; ++jj) {
        const std::int64_t pixel = (image * in.h + ii) * in.w + jj;
        const auto lanes = load_lanes<kWidth>(x + pixel * in.c + pack * kWidth);
#pragma unroll
        for (int k = 0; k < kWidth; ++k) sum[k] += to_float(lanes.v[k]);
      }
    }
    const float area = geometry.area(i, col);
#pragma unroll
    for (int k = 0; k < kWidth; ++k) sum[k] /= area;
    store_floats(y + (row * out.w + col) * out.c + pack * kWidth, sum);
  };
  for_each_pack(out.n * out.h, out.w, out.c / kWidth, body);
}

template <int kWidth, class T, class Geometry>
__global__ void average_backward_kernel(const T* d_y, T* d_x, Geometry geometry) {
  const Maps &in = geometry.x, &out = geometry.y;
  const auto body = [&](std::int64_t row, std::int64_t col, std::int64_t pack) {
    const std::int64_t image = row / in.h;
    const Range rows = geometry.rows_over(row % in.h), cols = geometry.cols_over(col);
    float sum[kWidth] = {};
    for (std::int64_t ii = rows.first; ii < rows.last; ++ii) {
      for (std::int64_t jj = cols.first; jj < cols.last; ++jj) {
        const std::int64_t pixel = (image * out.h + ii) * out.w + jj;
        const float area = geometry.area(ii, jj);
        const auto lanes = load_lanes<kWidth>(d_y + pixel * out.c + pack * kWidth);
#pragma unroll
        for (int k = 0; k < kWidth; ++k) sum[k] += to_float(lanes.v[k]) / area;
      }
    }
    store_floats(d_x + (row * in.w + col) * in.c + pack * kWidth, sum);
  };
  for_each_pack(in.n * in.h, in.w, in.c / kWidth, body);
}

}  // namespace phosphene::kernels::cuda
