// Elementwise steps over arrays of `count` floats (or T).
//   fill     y = value                    writes 1 element each
//   add      y = y + x                    reads 2, writes 1
//   axpy     y = y + a x                  reads 2, writes 1
//   multiply y = y x                      reads 2, writes 1
//   scale    y = a x                      reads 1, writes 1; x and y may be one
//   clamp    y = min(max(x, low), high)   reads 1, writes 1; x and y may be one; NaN stays NaN
//   convert  y = x in another storage     reads 1, writes 1
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
void fill(float* y, float value, std::int64_t count);
template <class T>
void add(const T* x, T* y, std::int64_t count);
void axpy(float a, const float* x, float* y, std::int64_t count);
void multiply(const float* x, float* y, std::int64_t count);
void scale(float a, const float* x, float* y, std::int64_t count);
void clamp(const float* x, float* y, float low, float high, std::int64_t count);
void convert(const bf16* x, float* y, std::int64_t count);
void convert(const float* x, bf16* y, std::int64_t count);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void fill(Stream stream, float* y, float value, std::int64_t count);
template <class T>
void add(Stream stream, const T* x, T* y, std::int64_t count);
void axpy(Stream stream, float a, const float* x, float* y, std::int64_t count);
void multiply(Stream stream, const float* x, float* y, std::int64_t count);
void scale(Stream stream, float a, const float* x, float* y, std::int64_t count);
void clamp(Stream stream, const float* x, float* y, float low, float high, std::int64_t count);
void convert(Stream stream, const bf16* x, float* y, std::int64_t count);
void convert(Stream stream, const float* x, bf16* y, std::int64_t count);
}  // namespace phosphene::kernels::cuda
