// Each image of a batch under its own symmetric separable filter, mirrored at its borders (the edge
// pixel is repeated: d c b a | a b c d), along rows, then along columns; nchw planes:
//   t[i,j] = sum over |k| <= radius of w[|k|] x[i, mirror_edge(j + k)],  y[i,j] the same of t along i
// with the radius + 1 weights of the image. So mirrored, a symmetric filter is a symmetric matrix:
// the gradient is the same call on d_y. t holds as many floats as x; y may be x.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {

/// The place inside [0, n) that mirrors show at i, where the edge pixel is repeated.
PHOSPHENE_HOST_DEVICE inline std::int64_t mirror_edge(std::int64_t i, std::int64_t n) {
  i %= 2 * n;
  if (i < 0) i += 2 * n;
  return i < n ? i : 2 * n - 1 - i;
}

/// The sum at place i of a line of n elements, `stride` apart.
PHOSPHENE_HOST_DEVICE inline float blurred(const float* line, const float* weights, int radius,
                                           std::int64_t n, std::int64_t stride, std::int64_t i) {
  float sum = weights[0] * line[i * stride];
  for (int k = 1; k <= radius; ++k) {
    sum +=
        weights[k] * (line[mirror_edge(i - k, n) * stride] + line[mirror_edge(i + k, n) * stride]);
  }
  return sum;
}

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void blur(const float* x, const float* weights, int radius, float* t, float* y, Maps maps);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void blur(Stream stream, const float* x, const float* weights, int radius, float* t, float* y,
          Maps maps);
}  // namespace phosphene::kernels::cuda
