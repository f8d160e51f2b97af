// Each RGB image of a batch under its own affine map of colours, nchw:
//   y[n,c,p] = clamp(sum over k of A[c,k] x[n,k,p] + b[c], 0, 1),  c, k < 3
// with the twelve numbers A (three rows) and b of the image.
//   colour_map_backward: d_x[n,k,p] = sum over c of A[c,k] d_y[n,c,p] [0 <= what is clamped <= 1]
// A NaN stays. Moves 3 floats in and 3 out a pixel, the gradient 6 in.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {

constexpr int kColourNumbers = 12;

/// Channel c of the map at one pixel, before it is clamped.
PHOSPHENE_HOST_DEVICE inline float mapped_colour(const float* m, const float rgb[3], int c) {
  return m[3 * c] * rgb[0] + m[3 * c + 1] * rgb[1] + m[3 * c + 2] * rgb[2] + m[9 + c];
}

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void colour_map(const float* x, const float* numbers, float* y, std::int64_t n,
                std::int64_t pixels);
void colour_map_backward(const float* x, const float* numbers, const float* d_y, float* d_x,
                         std::int64_t n, std::int64_t pixels);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void colour_map(Stream stream, const float* x, const float* numbers, float* y, std::int64_t n,
                std::int64_t pixels);
void colour_map_backward(Stream stream, const float* x, const float* numbers, const float* d_y,
                         float* d_x, std::int64_t n, std::int64_t pixels);
}  // namespace phosphene::kernels::cuda
