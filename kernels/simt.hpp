// What every .cuh includes, and all that it may use of CUDA. nvcc takes the toolkit's own words;
// any other compiler takes the same text through the SIMT harness of the tests, which runs each
// CUDA thread as a fiber (docs/architecture.md).
//
// The rules that keep a kernel inside both: no return before a barrier or a shuffle (carry an
// `inside` flag); masks that name exactly the lanes that take part; blocks that shuffle are
// multiples of 32; __syncwarp between lanes that exchange through shared memory; __shared__
// arrays stand in the kernel itself, not in a function it calls; no atomics on floats, no inline
// PTX; signed 64-bit indices.
#pragma once
#include <cmath>
#include <cstdint>

#include "kernels/common.hpp"

#if defined(__CUDACC__)
#include <cuda_runtime.h>
/// The dynamic shared memory of the launch, as an array of T; once a kernel.
#define PHOSPHENE_DYNAMIC_SHARED(T, name)                                   \
  extern __shared__ __align__(16) unsigned char phosphene_dynamic_shared[]; \
  T* const name = reinterpret_cast<T*>(phosphene_dynamic_shared)
#else
#include "tests/simt/simt.hpp"
#endif

namespace phosphene::kernels::cuda {

constexpr int kBlock = 256;  // threads to a block where nothing else decides
constexpr int kWarp = 32;
constexpr unsigned kFullWarp = 0xffffffffU;

/// This thread's place in a one-dimensional grid, and the stride of a loop over it.
__device__ inline std::int64_t grid_thread() {
  return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ inline std::int64_t grid_threads() {
  return static_cast<std::int64_t>(gridDim.x) * blockDim.x;
}

/// The sum over the 32 lanes, the same bits in every lane. All lanes of the warp call it.
template <class T>
__device__ inline T warp_sum(T value) {
  for (int step = kWarp / 2; step > 0; step /= 2) {
    value += __shfl_xor_sync(kFullWarp, value, step);
  }
  return value;
}

/// The sum over a one-dimensional block, in thread 0. Every thread calls it; `warps` is 32 T of
/// shared memory that nobody else uses until the next barrier.
template <class T>
__device__ inline T block_sum(T value, T* warps) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  value = warp_sum(value);
  if (lane == 0) warps[warp] = value;
  __syncthreads();
  if (warp == 0) {
    value = warp_sum(lane < static_cast<int>(blockDim.x) / kWarp ? warps[lane] : T{0});
  }
  return value;
}

/// kWidth neighbouring elements, whole multiples of 16 bytes.
template <class T, int kWidth>
struct Pack {
  T v[kWidth];
};

/// What one instruction moves; its address is a multiple of 16 bytes (aligned_to_pack).
template <class T>
struct alignas(16) Chunk {
  static constexpr int kWidth = 16 / static_cast<int>(sizeof(T));
  T v[kWidth];
};

template <class T, int kWidth>
__device__ inline Pack<T, kWidth> load_pack(const T* p, std::int64_t pack) {
  constexpr int kChunks = kWidth / Chunk<T>::kWidth;
  static_assert(kChunks * Chunk<T>::kWidth == kWidth);
  const auto* from = reinterpret_cast<const Chunk<T>*>(p) + pack * kChunks;
  Pack<T, kWidth> value;
#pragma unroll
  for (int i = 0; i < kChunks; ++i) {
    const Chunk<T> chunk = from[i];
    for (int k = 0; k < Chunk<T>::kWidth; ++k) value.v[i * Chunk<T>::kWidth + k] = chunk.v[k];
  }
  return value;
}

template <class T, int kWidth>
__device__ inline void store_pack(T* p, std::int64_t pack, const Pack<T, kWidth>& value) {
  constexpr int kChunks = kWidth / Chunk<T>::kWidth;
  static_assert(kChunks * Chunk<T>::kWidth == kWidth);
  auto* to = reinterpret_cast<Chunk<T>*>(p) + pack * kChunks;
#pragma unroll
  for (int i = 0; i < kChunks; ++i) {
    Chunk<T> chunk;
    for (int k = 0; k < Chunk<T>::kWidth; ++k) chunk.v[k] = value.v[i * Chunk<T>::kWidth + k];
    to[i] = chunk;
  }
}

}  // namespace phosphene::kernels::cuda
