// Each image of a batch under its own homography, sampled bilinearly, black outside; nchw planes.
//   (u, v, w) = M (j, i, 1),  y[n,c,i,j] = sum over pixels (a, b) of x[n,c,a,b] k(v/w - a) k(u/w -
//   b)
// with k(t) = max(0, 1 - |t|) and M the first nine numbers of the image (rows of a 3x3 matrix, from
// places in y to places in x, in pixels); 0 where w < kWarpHorizon, behind the viewer.
//   warp_backward: d_x[n,c,a,b] = sum over (i, j) of d_y[n,c,i,j] k(v/w - a) k(u/w - b)
// gathers: each pixel of x visits the bounding box of its preimage, by the other nine numbers, M's
// inverse, whose scale makes its w positive where M's is. So it sums in a fixed order, and adds no
// float atomically. The sums are of as many terms as the picture is magnified, 4 or so at its size.
// Maps are nchw here: n images of c planes of h x w.
#pragma once
#include <cmath>

#include "kernels/common.hpp"

namespace phosphene::kernels {

constexpr int kWarpNumbers = 18;
constexpr float kWarpHorizon = 1e-3F;

struct WarpPlace {
  float row, column;
  bool visible;
};

/// Where the matrix sends pixel (i, j).
PHOSPHENE_HOST_DEVICE inline WarpPlace warp_place(const float* m, float i, float j) {
  const float w = m[6] * j + m[7] * i + m[8];
  if (!(w >= kWarpHorizon)) return {0, 0, false};
  return {(m[3] * j + m[4] * i + m[5]) / w, (m[0] * j + m[1] * i + m[2]) / w, true};
}

PHOSPHENE_HOST_DEVICE inline float warp_hat(float t) {
  const float k = 1 - std::fabs(t);
  return k > 0 ? k : 0;
}

PHOSPHENE_HOST_DEVICE inline float warp_sample(const float* plane, const float* m, Maps maps,
                                               std::int64_t i, std::int64_t j) {
  const WarpPlace place = warp_place(m, static_cast<float>(i), static_cast<float>(j));
  const bool inside = place.visible && place.row > -1 && place.column > -1 &&
                      place.row < static_cast<float>(maps.h) &&
                      place.column < static_cast<float>(maps.w);
  if (!inside) return 0;
  const auto top = static_cast<std::int64_t>(std::floor(place.row));
  const auto left = static_cast<std::int64_t>(std::floor(place.column));
  float sum = 0;
  for (std::int64_t a = top; a <= top + 1; ++a) {
    for (std::int64_t b = left; b <= left + 1; ++b) {
      if (a < 0 || a >= maps.h || b < 0 || b >= maps.w) continue;
      sum += warp_hat(place.row - static_cast<float>(a)) *
             warp_hat(place.column - static_cast<float>(b)) * plane[a * maps.w + b];
    }
  }
  return sum;
}

/// Rows and columns of y, the last excluded, that can see pixel (a, b) of x.
struct WarpBox {
  std::int64_t top, bottom, left, right;
};

PHOSPHENE_HOST_DEVICE inline WarpBox warp_preimage(const float* inverse, Maps maps, std::int64_t a,
                                                   std::int64_t b) {
  const WarpBox whole{0, maps.h, 0, maps.w};
  float low_row = 1e30F, high_row = -1e30F, low_column = 1e30F, high_column = -1e30F;
  for (int corner = 0; corner < 4; ++corner) {
    const WarpPlace at = warp_place(inverse, static_cast<float>(a + (corner / 2) * 2 - 1),
                                    static_cast<float>(b + (corner % 2) * 2 - 1));
    if (!at.visible) return whole;  // the horizon runs through: no box
    low_row = at.row < low_row ? at.row : low_row;
    high_row = at.row > high_row ? at.row : high_row;
    low_column = at.column < low_column ? at.column : low_column;
    high_column = at.column > high_column ? at.column : high_column;
  }
  // A tenth of a pixel is far more than the places are rounded by. A box outside is empty.
  const auto begin = [](float low, std::int64_t n) {
    return low <= 0                      ? std::int64_t{0}
           : low > static_cast<float>(n) ? n
                                         : static_cast<std::int64_t>(std::ceil(low - 0.1F));
  };
  const auto end = [](float high, std::int64_t n) {
    return high < -0.1F                   ? std::int64_t{0}
           : high > static_cast<float>(n) ? n
                                          : static_cast<std::int64_t>(std::floor(high + 0.1F)) + 1;
  };
  const auto least = [](std::int64_t x, std::int64_t y) { return x < y ? x : y; };
  return {begin(low_row, maps.h), least(end(high_row, maps.h), maps.h), begin(low_column, maps.w),
          least(end(high_column, maps.w), maps.w)};
}

PHOSPHENE_HOST_DEVICE inline float warp_gather(const float* d_plane, const float* numbers,
                                               Maps maps, std::int64_t a, std::int64_t b) {
  const WarpBox box = warp_preimage(numbers + 9, maps, a, b);
  float sum = 0;
  for (std::int64_t i = box.top; i < box.bottom; ++i) {
    for (std::int64_t j = box.left; j < box.right; ++j) {
      const WarpPlace at = warp_place(numbers, static_cast<float>(i), static_cast<float>(j));
      if (!at.visible) continue;
      const float k =
          warp_hat(at.row - static_cast<float>(a)) * warp_hat(at.column - static_cast<float>(b));
      if (k > 0) sum += k * d_plane[i * maps.w + j];
    }
  }
  return sum;
}

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void warp(const float* x, const float* numbers, float* y, Maps maps);
void warp_backward(const float* d_y, const float* numbers, float* d_x, Maps maps);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void warp(Stream stream, const float* x, const float* numbers, float* y, Maps maps);
void warp_backward(Stream stream, const float* d_y, const float* numbers, float* d_x, Maps maps);
}  // namespace phosphene::kernels::cuda
