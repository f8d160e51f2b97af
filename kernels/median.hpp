// The median of the size x size pixels around each, mirrored at the borders (d c b a | a b c d);
// planes of h x w, size odd:
//   y[p,i,j] = x[p, choice[p,i,j]],  choice the first of the window, row by row, whose value has
// at most half the window below it and more than half at or below it.
//   median_backward: d_x[p,q] = sum over the pixels whose choice is q of d_y, in their order
// A NaN is below nothing; where it leaves no such value the pixel itself is chosen.
#pragma once
#include "kernels/blur.hpp"
#include "kernels/common.hpp"

namespace phosphene::kernels {

/// The place in its plane of the median around (i, j).
PHOSPHENE_HOST_DEVICE inline std::int64_t median_place(const float* plane, std::int64_t h,
                                                       std::int64_t w, int size, std::int64_t i,
                                                       std::int64_t j) {
  const int half = size * size / 2;
  const auto place = [&](int k) {
    return mirror_edge(i + k / size - size / 2, h) * w + mirror_edge(j + k % size - size / 2, w);
  };
  for (int k = 0; k < size * size; ++k) {
    const std::int64_t candidate = place(k);
    const float value = plane[candidate];
    int below = 0, equal = 0;
    for (int other = 0; other < size * size; ++other) {
      const float v = plane[place(other)];
      below += v < value;
      equal += v == value;
    }
    if (below <= half && below + equal > half) return candidate;
  }
  return i * w + j;
}

/// What comes back to pixel (i, j): those who can have chosen it lie in the window around it.
PHOSPHENE_HOST_DEVICE inline float median_gather(const std::int32_t* choice, const float* d_plane,
                                                 std::int64_t h, std::int64_t w, int size,
                                                 std::int64_t i, std::int64_t j) {
  const std::int64_t reach = size / 2;
  float sum = 0;
  for (std::int64_t a = i - reach; a <= i + reach; ++a) {
    for (std::int64_t b = j - reach; b <= j + reach; ++b) {
      if (a < 0 || a >= h || b < 0 || b >= w) continue;
      if (choice[a * w + b] == i * w + j) sum += d_plane[a * w + b];
    }
  }
  return sum;
}

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void median(const float* x, int size, std::int32_t* choice, float* y, std::int64_t planes,
            std::int64_t h, std::int64_t w);
void median_backward(const std::int32_t* choice, const float* d_y, int size, float* d_x,
                     std::int64_t planes, std::int64_t h, std::int64_t w);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void median(Stream stream, const float* x, int size, std::int32_t* choice, float* y,
            std::int64_t planes, std::int64_t h, std::int64_t w);
void median_backward(Stream stream, const std::int32_t* choice, const float* d_y, int size,
                     float* d_x, std::int64_t planes, std::int64_t h, std::int64_t w);
}  // namespace phosphene::kernels::cuda
