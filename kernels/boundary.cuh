// boundary_queries: a block makes one image. Its length is needed before any of its elements, so
// random numbers are drawn into y first, and each thread comes back for its own; they are what
// costs, and a counter gives four, so a thread takes four neighbours at a time.
// boundary_sums: a thread an element of a slot, through its rows: neighbouring threads read
// neighbouring elements of a row, and each sum stays in a register.
// boundary_direction: a block a slot, as the length is needed again.
#pragma once
#include "kernels/boundary_formula.hpp"
#include "kernels/image_block.cuh"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

/// Calls f(i, k) for the elements i = 4 q + k < size that are this thread's, after begin(q).
template <class Begin, class F>
__device__ inline void for_own_quads(std::int64_t size, Begin begin, F f) {
  for (std::int64_t q = threadIdx.x; 4 * q < size; q += blockDim.x) {
    begin(q);
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      if (4 * q + k < size) f(4 * q + k, k);
    }
  }
}

__global__ void boundary_queries_kernel(BoundaryImages images, BoundaryNorm norm,
                                        std::uint64_t seed, const BoundaryQuery* queries,
                                        std::int64_t count, float* y, float* distances) {
  __shared__ float warps[kWarp];
  __shared__ float shared_length;
  const std::int64_t size = images.size;
  for (std::int64_t n = blockIdx.x; n < count; n += gridDim.x) {
    const BoundaryQuery query = queries[n];
    const NoiseKey key{seed, query.image, query.sample};
    float* to = y + query.to * size;
    float length = 1;
    if (query.kind == BoundaryKind::direction) {
      float r[4], squares = 0;
      for_own_quads(
          size, [&](std::int64_t q) { direction_quad(norm, key, q, r); },
          [&](std::int64_t i, int k) {
            to[i] = r[k];
            squares += r[k] * r[k];
          });
      squares = block_sum(squares, warps);
      if (threadIdx.x == 0) shared_length = sqrtf(squares);
      __syncthreads();
      length = shared_length;
    }
    float far = 0;
    for_own_quads(
        size, [](std::int64_t) {},
        [&](std::int64_t i, int) {
          to[i] = boundary_element(images, norm, query, key, i, to[i], length);
          const float d = to[i] - images.original[query.slot * size + i];
          far = norm == BoundaryNorm::linf ? fmaxf(far, fabsf(d)) : far + d * d;
        });
    if (distances != nullptr) {
      far = norm == BoundaryNorm::linf ? block_largest(far, warps) : sqrtf(block_sum(far, warps));
      if (threadIdx.x == 0) distances[query.to] = far;
    }
    __syncthreads();  // before the next image uses `warps` and `shared_length`
  }
}

__global__ void boundary_sums_kernel(const float* y, const float* phi, const float* point,
                                     std::int64_t size, const BoundaryRows* rows,
                                     std::int64_t count, float* plus, float* all) {
  for (std::int64_t n = blockIdx.y; n < count; n += gridDim.y) {
    const BoundaryRows own = rows[n];
    for (std::int64_t i = grid_thread(); i < size; i += grid_threads()) {
      const std::int64_t at = own.slot * size + i;
      const float x = point[at];
      float with_phi = own.begins != 0 ? 0 : plus[at], without = own.begins != 0 ? 0 : all[at];
      for (std::int64_t row = own.first; row < own.first + own.count; ++row) {
        const float u = y[row * size + i] - x;
        with_phi += phi[row] * u;
        without += u;
      }
      plus[at] = with_phi;
      all[at] = without;
    }
  }
}

__global__ void boundary_direction_kernel(const float* plus, const float* all, std::int64_t size,
                                          BoundaryNorm norm, const BoundarySlot* slots,
                                          std::int64_t count, float* direction) {
  __shared__ float warps[kWarp];
  __shared__ float shared_length;
  for (std::int64_t n = blockIdx.x; n < count; n += gridDim.x) {
    const BoundarySlot own = slots[n];
    const std::int64_t first = own.slot * size, last = first + size;
    float squares = 0;
    for (std::int64_t i = first + threadIdx.x; i < last; i += blockDim.x) {
      const float w = plus[i] - own.mean * all[i];
      direction[i] = w;
      squares += w * w;
    }
    squares = block_sum(squares, warps);
    if (threadIdx.x == 0) shared_length = sqrtf(squares);
    __syncthreads();
    const float length = shared_length;
    for (std::int64_t i = first + threadIdx.x; i < last; i += blockDim.x) {
      direction[i] = unit_of(direction[i], length, norm);
    }
    __syncthreads();
  }
}

}  // namespace phosphene::kernels::cuda
