// Both products are made in tiles of 64 x 64 by blocks of 16 x 16 threads, each with 4 x 4 sums in
// registers: a step of the inner loop reads two 16-byte pieces of shared memory for 16
// multiply-adds, one of them the same for half a warp. The factors come in slabs of kGramDepth.
//
// gram: a block takes one square of channels on or above the diagonal of G and one slice of the
// pixels (squares run fastest over the grid, so that a slice is read from L2 by all of them), and
// leaves its sums in scratch. gram_sum adds the slices: 32 neighbouring elements of G to a block,
// 8 threads to an element, each over every eighth slice, and mirrors the upper squares.
#pragma once
#include "kernels/gram.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

constexpr int kGramDepth = 16;
constexpr int kGramQuads = static_cast<int>(kGramTile) / 4;  // threads along a side of a tile

/// Rows k of a slab: 64 values as 16 pieces of 16 bytes, and one more to spread columns over banks.
using GramRow = Chunk<float>[kGramQuads + 1];

struct GramSums {
  float v[4][4] = {};

  /// v[r][s] += the sum over k of a[k][4 ty + r] b[k][4 tx + s].
  __device__ void add(const GramRow* a, const GramRow* b, int ty, int tx) {
#pragma unroll
    for (int k = 0; k < kGramDepth; ++k) {
      const Chunk<float> x = a[k][ty], y = b[k][tx];
#pragma unroll
      for (int r = 0; r < 4; ++r) {
#pragma unroll
        for (int s = 0; s < 4; ++s) v[r][s] += x.v[r] * y.v[s];
      }
    }
  }
};

/// slab[k][i] = x[(row + k) stride + column + i], 0 where the row is not below rows or the column
/// not below columns. Lanes take neighbouring columns.
template <class T>
__device__ inline void load_gram_slab(GramRow* slab, const T* x, std::int64_t stride,
                                      std::int64_t row, std::int64_t rows, std::int64_t column,
                                      std::int64_t columns) {
  for (int e = static_cast<int>(threadIdx.x); e < kGramDepth * kGramTile; e += kBlock) {
    const int k = e / static_cast<int>(kGramTile), i = e % static_cast<int>(kGramTile);
    const bool inside = row + k < rows && column + i < columns;
    slab[k][i / 4].v[i % 4] = inside ? to_float(x[(row + k) * stride + column + i]) : 0.0F;
  }
}

/// slab[k][i] = x[(row + i) stride + column + k]: the same of the transpose.
template <class T>
__device__ inline void load_gram_slab_transposed(GramRow* slab, const T* x, std::int64_t stride,
                                                 std::int64_t row, std::int64_t rows,
                                                 std::int64_t column, std::int64_t columns) {
  for (int e = static_cast<int>(threadIdx.x); e < kGramDepth * kGramTile; e += kBlock) {
    const int k = e % kGramDepth, i = e / kGramDepth;
    const bool inside = row + i < rows && column + k < columns;
    slab[k][i / 4].v[i % 4] = inside ? to_float(x[(row + i) * stride + column + k]) : 0.0F;
  }
}

template <class T>
__global__ void __launch_bounds__(kBlock)
    gram_kernel(const T* f, std::int64_t pixels, std::int64_t c, std::int64_t slice_pixels,
                float* scratch) {
  __shared__ GramRow a[kGramDepth];
  __shared__ GramRow b[kGramDepth];
  // The square blockIdx.x of the upper triangle, counted row by row.
  int square = static_cast<int>(blockIdx.x), top = 0;
  for (int row = static_cast<int>((c + kGramTile - 1) / kGramTile); square >= row; --row) {
    square -= row;
    ++top;
  }
  const bool diagonal = square == 0;
  const std::int64_t i0 = top * kGramTile, j0 = (top + square) * kGramTile;
  const int ty = static_cast<int>(threadIdx.x) / kGramQuads;
  const int tx = static_cast<int>(threadIdx.x) % kGramQuads;
  const std::int64_t first = blockIdx.y * slice_pixels;
  const std::int64_t last = first + slice_pixels < pixels ? first + slice_pixels : pixels;
  GramSums sums;
  for (std::int64_t p = first; p < last; p += kGramDepth) {
    load_gram_slab(a, f, c, p, last, i0, c);
    if (!diagonal) load_gram_slab(b, f, c, p, last, j0, c);
    __syncthreads();
    sums.add(a, diagonal ? a : b, ty, tx);
    __syncthreads();
  }
  float* out = scratch + blockIdx.y * c * c;
  for (int r = 0; r < 4; ++r) {
    for (int s = 0; s < 4; ++s) {
      const std::int64_t i = i0 + 4 * ty + r, j = j0 + 4 * tx + s;
      if (i < c && j < c) out[i * c + j] = sums.v[r][s];
    }
  }
}

constexpr int kGramLanes = kBlock / kWarp;  // threads to an element of G

__global__ void gram_sum_kernel(const float* scratch, std::int64_t c, int slices, float* g) {
  __shared__ float partial[kGramLanes][kWarp];
  const int column = static_cast<int>(threadIdx.x) % kWarp;
  const int lane = static_cast<int>(threadIdx.x) / kWarp;
  for (std::int64_t e0 = blockIdx.x * std::int64_t{kWarp}; e0 < c * c;
       e0 += gridDim.x * std::int64_t{kWarp}) {
    const std::int64_t e = e0 + column, i = e / c, j = e % c;
    const bool upper = e < c * c && i / kGramTile <= j / kGramTile;
    float sum = 0;
    for (int s = lane; upper && s < slices; s += kGramLanes) sum += scratch[s * c * c + e];
    partial[lane][column] = sum;
    __syncthreads();
    if (upper && lane == 0) {
      sum = 0;
      for (int k = 0; k < kGramLanes; ++k) sum += partial[k][column];
      g[e] = sum;
      if (i / kGramTile < j / kGramTile) g[j * c + i] = sum;
    }
    __syncthreads();
  }
}

/// Four neighbours that are read and written at once.
template <class T>
struct alignas(4 * sizeof(T)) Quad {
  T v[4];
};

// A block takes 64 pixels and 64 channels of d_F. kQuads: c is a multiple of 4 and d_f aligned,
// so that a thread's four neighbours are one access.
template <bool kQuads, class T>
__global__ void __launch_bounds__(kBlock)
    gram_backward_kernel(const T* f, const float* d, std::int64_t pixels, std::int64_t c,
                         float factor, T* d_f) {
  __shared__ GramRow a[kGramDepth];
  __shared__ GramRow b[kGramDepth];
  const int ty = static_cast<int>(threadIdx.x) / kGramQuads;
  const int tx = static_cast<int>(threadIdx.x) % kGramQuads;
  const std::int64_t i0 = blockIdx.y * kGramTile;
  for (std::int64_t p0 = blockIdx.x * kGramTile; p0 < pixels; p0 += gridDim.x * kGramTile) {
    GramSums sums;
    for (std::int64_t j = 0; j < c; j += kGramDepth) {
      load_gram_slab_transposed(a, f, c, p0, pixels, j, c);
      load_gram_slab(b, d, c, j, c, i0, c);
      __syncthreads();
      sums.add(a, b, ty, tx);
      __syncthreads();
    }
    for (int r = 0; r < 4; ++r) {
      const std::int64_t p = p0 + 4 * ty + r, i = i0 + 4 * tx;
      if (p >= pixels || i >= c) continue;
      T* out = d_f + p * c + i;
      if constexpr (kQuads) {
        Quad<T> quad = *reinterpret_cast<const Quad<T>*>(out);
#pragma unroll
        for (int s = 0; s < 4; ++s) {
          quad.v[s] = from_float<T>(to_float(quad.v[s]) + factor * sums.v[r][s]);
        }
        *reinterpret_cast<Quad<T>*>(out) = quad;
      } else {
        for (int s = 0; s < 4 && i + s < c; ++s) {
          out[s] = from_float<T>(to_float(out[s]) + factor * sums.v[r][s]);
        }
      }
    }
  }
}

}  // namespace phosphene::kernels::cuda
