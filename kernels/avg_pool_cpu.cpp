#include "kernels/avg_pool.hpp"

#include <algorithm>

#include "kernels/avg_pool_geometry.hpp"
#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

constexpr std::int64_t kLanes = 64;  // channels summed at a time, in registers or L1

// `body(n, row, from, lanes)` for every row of `maps` and every group of channels, so that even a
// 1 x 1 output keeps all threads busy.
template <class Body>
void for_rows(Maps maps, bool parallel, Body body) {
  const std::int64_t groups = (maps.c + kLanes - 1) / kLanes;
#pragma omp parallel for collapse(3) if (parallel)
  for (std::int64_t n = 0; n < maps.n; ++n) {
    for (std::int64_t row = 0; row < maps.h; ++row) {
      for (std::int64_t group = 0; group < groups; ++group) {
        body(n, row, group * kLanes, std::min(kLanes, maps.c - group * kLanes));
      }
    }
  }
}

template <class T, class Geometry>
void average(const T* x, T* y, const Geometry& geometry) {
  const Maps &in = geometry.x, &out = geometry.y;
  for_rows(out, in.count() > kParallelFrom,
           [&](std::int64_t n, std::int64_t row, std::int64_t from, std::int64_t lanes) {
             const Range rows = geometry.rows(row);
             for (std::int64_t col = 0; col < out.w; ++col) {
               const Range cols = geometry.cols(col);
               const float area = geometry.area(row, col);
               float sum[kLanes] = {};
               for (std::int64_t i = rows.first; i < rows.last; ++i) {
                 for (std::int64_t j = cols.first; j < cols.last; ++j) {
                   const T* source = x + ((n * in.h + i) * in.w + j) * in.c + from;
#pragma omp simd
                   for (std::int64_t k = 0; k < lanes; ++k) sum[k] += to_float(source[k]);
                 }
               }
               T* target = y + ((n * out.h + row) * out.w + col) * out.c + from;
               for (std::int64_t k = 0; k < lanes; ++k) target[k] = from_float<T>(sum[k] / area);
             }
           });
}

template <class T, class Geometry>
void average_backward(const T* d_y, T* d_x, const Geometry& geometry) {
  const Maps &in = geometry.x, &out = geometry.y;
  for_rows(in, in.count() > kParallelFrom,
           [&](std::int64_t n, std::int64_t row, std::int64_t from, std::int64_t lanes) {
             const Range rows = geometry.rows_over(row);
             for (std::int64_t col = 0; col < in.w; ++col) {
               const Range cols = geometry.cols_over(col);
               float sum[kLanes] = {};
               for (std::int64_t i = rows.first; i < rows.last; ++i) {
                 for (std::int64_t j = cols.first; j < cols.last; ++j) {
                   const T* source = d_y + ((n * out.h + i) * out.w + j) * out.c + from;
                   const float area = geometry.area(i, j);
#pragma omp simd
                   for (std::int64_t k = 0; k < lanes; ++k) sum[k] += to_float(source[k]) / area;
                 }
               }
               T* target = d_x + ((n * in.h + row) * in.w + col) * in.c + from;
               for (std::int64_t k = 0; k < lanes; ++k) target[k] = from_float<T>(sum[k]);
             }
           });
}

}  // namespace

template <class T>
void avg_pool(const T* x, T* y, Maps x_maps, Maps y_maps, PoolWindow window, bool count_pad) {
  average(x, y, SlidingGeometry{x_maps, y_maps, window, count_pad});
}

template <class T>
void avg_pool_backward(const T* d_y, T* d_x, Maps x_maps, Maps y_maps, PoolWindow window,
                       bool count_pad) {
  average_backward(d_y, d_x, SlidingGeometry{x_maps, y_maps, window, count_pad});
}

template <class T>
void adaptive_avg_pool(const T* x, T* y, Maps x_maps, Maps y_maps) {
  average(x, y, AdaptiveGeometry{x_maps, y_maps});
}

template <class T>
void adaptive_avg_pool_backward(const T* d_y, T* d_x, Maps x_maps, Maps y_maps) {
  average_backward(d_y, d_x, AdaptiveGeometry{x_maps, y_maps});
}

template void avg_pool(const float*, float*, Maps, Maps, PoolWindow, bool);
template void avg_pool(const bf16*, bf16*, Maps, Maps, PoolWindow, bool);
template void avg_pool_backward(const float*, float*, Maps, Maps, PoolWindow, bool);
template void avg_pool_backward(const bf16*, bf16*, Maps, Maps, PoolWindow, bool);
template void adaptive_avg_pool(const float*, float*, Maps, Maps);
template void adaptive_avg_pool(const bf16*, bf16*, Maps, Maps);
template void adaptive_avg_pool_backward(const float*, float*, Maps, Maps);
template void adaptive_avg_pool_backward(const bf16*, bf16*, Maps, Maps);

}  // namespace phosphene::kernels::cpu
