#include "kernels/gram.hpp"

#include <algorithm>

#include "kernels/cpu.hpp"

namespace phosphene::kernels {

std::int64_t gram_slices(std::int64_t pixels, std::int64_t c) {
  // A GPU wants some 500 blocks in flight; each takes a kGramTile square of G over one slice, and
  // a slice under 128 pixels is not worth its partial sum.
  const std::int64_t tiles = cpu::ceil_div(c, kGramTile), squares = tiles * (tiles + 1) / 2;
  const std::int64_t wanted = cpu::ceil_div(512, std::max<std::int64_t>(1, squares));
  return std::max<std::int64_t>(1, std::min(wanted, cpu::ceil_div(pixels, 128)));
}

std::int64_t gram_scratch(std::int64_t pixels, std::int64_t c) {
  return gram_slices(pixels, c) * c * c;
}

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
namespace {

constexpr std::int64_t kTile = kGramTile;
constexpr std::int64_t kRows = 4;  // pixels to each pass over a tile of sums, to spare its traffic

// The channels [at, at + kTile) of kRows pixels as floats, zeros past the last channel and pixel.
template <class T>
void load(const T* f, std::int64_t rows, std::int64_t c, std::int64_t at, float (*tile)[kTile]) {
  for (std::int64_t p = 0; p < kRows; ++p) {
    for (std::int64_t i = 0; i < kTile; ++i) {
      tile[p][i] = p < rows && at + i < c ? to_float(f[p * c + at + i]) : 0.0F;
    }
  }
}

// sums += a^T b over the pixels [first, last).
template <class T>
void gram_tile(const T* f, std::int64_t first, std::int64_t last, std::int64_t c, std::int64_t row,
               std::int64_t column, float (*sums)[kTile]) {
  float a[kRows][kTile], b[kRows][kTile];
  for (std::int64_t p = first; p < last; p += kRows) {
    load(f + p * c, last - p, c, row, a);
    load(f + p * c, last - p, c, column, b);
    for (std::int64_t i = 0; i < kTile; ++i) {
#pragma omp simd
      for (std::int64_t j = 0; j < kTile; ++j) {
        sums[i][j] +=
            (a[0][i] * b[0][j] + a[1][i] * b[1][j]) + (a[2][i] * b[2][j] + a[3][i] * b[3][j]);
      }
    }
  }
}

}  // namespace

template <class T>
void gram(const T* f, std::int64_t pixels, std::int64_t c, float* scratch, float* g) {
  const std::int64_t slices = gram_slices(pixels, c), tiles = ceil_div(c, kTile);
  const std::int64_t slice_pixels = ceil_div(pixels, slices);
#pragma omp parallel for collapse(3) schedule(dynamic)
  for (std::int64_t s = 0; s < slices; ++s) {
    for (std::int64_t ti = 0; ti < tiles; ++ti) {
      for (std::int64_t tj = 0; tj < tiles; ++tj) {
        if (tj < ti) continue;  // G is symmetric
        float sums[kTile][kTile] = {};
        gram_tile(f, s * slice_pixels, std::min(pixels, (s + 1) * slice_pixels), c, ti * kTile,
                  tj * kTile, sums);
        for (std::int64_t i = ti * kTile; i < std::min(c, (ti + 1) * kTile); ++i) {
          for (std::int64_t j = tj * kTile; j < std::min(c, (tj + 1) * kTile); ++j) {
            scratch[(s * c + i) * c + j] = sums[i - ti * kTile][j - tj * kTile];
          }
        }
      }
    }
  }
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < c; ++i) {
    for (std::int64_t j = 0; j < c; ++j) {
      const std::int64_t upper = i / kTile <= j / kTile ? i * c + j : j * c + i;
      float sum = 0;
      for (std::int64_t s = 0; s < slices; ++s) sum += scratch[s * c * c + upper];
      g[i * c + j] = sum;
    }
  }
}
template void gram<float>(const float*, std::int64_t, std::int64_t, float*, float*);
template void gram<bf16>(const bf16*, std::int64_t, std::int64_t, float*, float*);

template <class T>
void gram_backward(const T* f, const float* d, std::int64_t pixels, std::int64_t c, float factor,
                   T* d_f) {
  const std::int64_t groups = ceil_div(pixels, kRows), tiles = ceil_div(c, kTile);
#pragma omp parallel for collapse(2) schedule(static) if (pixels * c >= kParallelFrom)
  for (std::int64_t t = 0; t < tiles; ++t) {  // outermost: kTile columns of D stay in the cache
    for (std::int64_t group = 0; group < groups; ++group) {
      const std::int64_t p = group * kRows, rows = std::min(kRows, pixels - p);
      const std::int64_t at = t * kTile, width = std::min(kTile, c - at);
      float sums[kRows][kTile] = {};
      for (std::int64_t j = 0; j < c; ++j) {
        for (std::int64_t r = 0; r < rows; ++r) {
          const float x = to_float(f[(p + r) * c + j]);
#pragma omp simd
          for (std::int64_t i = 0; i < width; ++i) sums[r][i] += x * d[j * c + at + i];
        }
      }
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t i = 0; i < width; ++i) {
          T& out = d_f[(p + r) * c + at + i];
          out = from_float<T>(to_float(out) + factor * sums[r][i]);
        }
      }
    }
  }
}
template void gram_backward<float>(const float*, const float*, std::int64_t, std::int64_t, float,
                                   float*);
template void gram_backward<bf16>(const bf16*, const float*, std::int64_t, std::int64_t, float,
                                  bf16*);

}  // namespace phosphene::kernels::cpu
