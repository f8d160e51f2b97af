// One grid for every kernel over feature maps whose threads need to know where they are. Along x a
// block runs over the channels (in packs), so that neighbouring threads touch neighbouring
// addresses; what is left of its threads runs along a row of pixels, and blockIdx.y over the rows
// of the batch. No thread divides to find its pixel: only the row is split, into image and row.
#pragma once
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

/// Calls body(row, col, pack) for every pack of channels of every pixel; `rows` counts those of
/// all images.
template <class Body>
__device__ inline void for_each_pack(std::int64_t rows, std::int64_t cols, std::int64_t packs,
                                     Body body) {
  for (std::int64_t row = blockIdx.y; row < rows; row += gridDim.y) {
    for (std::int64_t col = static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
         col < cols; col += static_cast<std::int64_t>(gridDim.x) * blockDim.y) {
      for (std::int64_t pack = threadIdx.x; pack < packs; pack += blockDim.x) {
        body(row, col, pack);
      }
    }
  }
}

/// kWidth neighbouring elements moved at once; the address is a multiple of their size.
template <class T, int kWidth>
struct alignas(sizeof(T) * kWidth) Lanes {
  T v[kWidth];
};
template <int kWidth, class T>
__device__ inline Lanes<T, kWidth> load_lanes(const T* p) {
  return *reinterpret_cast<const Lanes<T, kWidth>*>(p);
}
template <int kWidth, class T>
__device__ inline void store_lanes(T* p, const Lanes<T, kWidth>& lanes) {
  *reinterpret_cast<Lanes<T, kWidth>*>(p) = lanes;
}

/// Elements in 16 bytes.
template <class T>
constexpr int kLanesOf = 16 / static_cast<int>(sizeof(T));

/// Stores float sums as T.
template <int kWidth, class T>
__device__ inline void store_floats(T* p, const float (&values)[kWidth]) {
  Lanes<T, kWidth> out;
#pragma unroll
  for (int k = 0; k < kWidth; ++k) out.v[k] = from_float<T>(values[k]);
  store_lanes(p, out);
}

}  // namespace phosphene::kernels::cuda
