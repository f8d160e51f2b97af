// What every kernel header shares. Kernels see raw pointers, sizes and a stream; no Tensor.
//
// Feature maps are nhwc and dense: element (n, y, x, c) lies at ((n H + y) W + x) C + c.
// T is the storage type, float or bf16; arithmetic is float in either. Unless a header says
// otherwise, pointers do not alias and an empty input is a no-op.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

struct CUstream_st;  // what cudaStream_t points to, so that no CUDA header is needed here

#if defined(__CUDACC__)
#define PHOSPHENE_HOST_DEVICE __host__ __device__
#else
#define PHOSPHENE_HOST_DEVICE
#endif

namespace phosphene::kernels {

using Stream = CUstream_st*;

/// The upper half of a float, rounded to nearest even.
struct bf16 {
  std::uint16_t bits;
};

PHOSPHENE_HOST_DEVICE inline float to_float(float x) { return x; }
PHOSPHENE_HOST_DEVICE inline float to_float(bf16 x) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16);
}

template <class T>
PHOSPHENE_HOST_DEVICE inline T from_float(float x);
template <>
PHOSPHENE_HOST_DEVICE inline float from_float<float>(float x) {
  return x;
}
template <>
PHOSPHENE_HOST_DEVICE inline bf16 from_float<bf16>(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7fffffffU) > 0x7f800000U) {  // NaN stays NaN, quiet
    return {static_cast<std::uint16_t>((bits >> 16) | 0x40U)};
  }
  return {static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16)};
}

/// A batch of feature maps.
struct Maps {
  std::int64_t n, h, w, c;
  PHOSPHENE_HOST_DEVICE std::int64_t count() const { return n * h * w * c; }
};

/// The sliding window of a pooling: out = (in + before + after - kernel) / stride + 1.
struct PoolWindow {
  int kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, pad_bottom, pad_right;
};

/// Floats of scratch that a reduction over `count` elements may ask for, whatever it sums.
/// The sums are made in two launches of fixed shape, so that they repeat bit for bit.
constexpr std::int64_t kReductionScratch = 4096;

}  // namespace phosphene::kernels
