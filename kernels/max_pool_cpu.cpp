#include "kernels/max_pool.hpp"

#include <algorithm>

#include "kernels/cpu.hpp"
#include "kernels/pool_window.hpp"

namespace phosphene::kernels::cpu {
namespace {

constexpr std::int64_t kLanes = 256;  // channels at a time, in L1

// The largest so far and its place in the window.
struct Best {
  float value[kLanes];
  std::uint8_t place[kLanes];
};

// A NaN in `best` stays, a NaN in x comes in.
template <class T>
void keep_larger(const T* x, std::uint8_t place, std::int64_t lanes, Best& best) {
#pragma omp simd
  for (std::int64_t k = 0; k < lanes; ++k) {
    const float now = to_float(x[k]), old = best.value[k];
    const bool wins = !(now <= old) & (old == old);
    best.value[k] = wins ? now : old;
    best.place[k] = wins ? place : best.place[k];
  }
}

}  // namespace

template <class T>
void max_pool(const T* x, T* y, std::uint8_t* argmax, Maps x_maps, Maps y_maps, PoolWindow window) {
  const std::int64_t c = x_maps.c;
#pragma omp parallel for collapse(2) if (x_maps.count() > kParallelFrom)
  for (std::int64_t n = 0; n < y_maps.n; ++n) {
    for (std::int64_t row = 0; row < y_maps.h; ++row) {
      const Range rows =
          window_pixels(row, window.kernel_h, window.stride_h, window.pad_top, x_maps.h);
      const std::int64_t top = row * window.stride_h - window.pad_top;
      for (std::int64_t col = 0; col < y_maps.w; ++col) {
        const Range cols =
            window_pixels(col, window.kernel_w, window.stride_w, window.pad_left, x_maps.w);
        const std::int64_t left = col * window.stride_w - window.pad_left;
        for (std::int64_t from = 0; from < c; from += kLanes) {
          const std::int64_t lanes = std::min(kLanes, c - from);
          const std::int64_t at = ((n * y_maps.h + row) * y_maps.w + col) * c + from;
          const auto pixel = [&](std::int64_t i, std::int64_t j) {
            return x + ((n * x_maps.h + i) * x_maps.w + j) * c + from;
          };
          const auto place = [&](std::int64_t i, std::int64_t j) {
            return static_cast<std::uint8_t>((i - top) * window.kernel_w + (j - left));
          };
          Best best;
          const T* first = pixel(rows.first, cols.first);
          for (std::int64_t k = 0; k < lanes; ++k) best.value[k] = to_float(first[k]);
          std::fill_n(best.place, lanes, place(rows.first, cols.first));
          for (std::int64_t i = rows.first; i < rows.last; ++i) {
            for (std::int64_t j = cols.first; j < cols.last; ++j) {
              keep_larger(pixel(i, j), place(i, j), lanes, best);
            }
          }
          for (std::int64_t k = 0; k < lanes; ++k) y[at + k] = from_float<T>(best.value[k]);
          if (argmax == nullptr) continue;
          std::copy_n(best.place, lanes, argmax + at);
        }
      }
    }
  }
}

template <class T>
void max_pool_backward(const T* d_y, const std::uint8_t* argmax, T* d_x, Maps x_maps, Maps y_maps,
                       PoolWindow window) {
  const std::int64_t c = x_maps.c;
#pragma omp parallel for collapse(2) if (x_maps.count() > kParallelFrom)
  for (std::int64_t n = 0; n < x_maps.n; ++n) {
    for (std::int64_t row = 0; row < x_maps.h; ++row) {
      const Range rows =
          pixel_windows(row, window.kernel_h, window.stride_h, window.pad_top, y_maps.h);
      for (std::int64_t col = 0; col < x_maps.w; ++col) {
        const Range cols =
            pixel_windows(col, window.kernel_w, window.stride_w, window.pad_left, y_maps.w);
        T* out = d_x + ((n * x_maps.h + row) * x_maps.w + col) * c;
        for (std::int64_t from = 0; from < c; from += kLanes) {
          const std::int64_t lanes = std::min(kLanes, c - from);
          float sum[kLanes] = {};
          for (std::int64_t i = rows.first; i < rows.last; ++i) {
            for (std::int64_t j = cols.first; j < cols.last; ++j) {
              const std::int64_t at = ((n * y_maps.h + i) * y_maps.w + j) * c + from;
              const auto place = static_cast<std::uint8_t>(
                  (row - i * window.stride_h + window.pad_top) * window.kernel_w +
                  (col - j * window.stride_w + window.pad_left));
#pragma omp simd
              for (std::int64_t k = 0; k < lanes; ++k) {
                const float d = to_float(d_y[at + k]);  // read in any case, or nothing vectorises
                sum[k] += argmax[at + k] == place ? d : 0.0F;
              }
            }
          }
          for (std::int64_t k = 0; k < lanes; ++k) out[from + k] = from_float<T>(sum[k]);
        }
      }
    }
  }
}

template void max_pool(const float*, float*, std::uint8_t*, Maps, Maps, PoolWindow);
template void max_pool(const bf16*, bf16*, std::uint8_t*, Maps, Maps, PoolWindow);
template void max_pool_backward(const float*, const std::uint8_t*, float*, Maps, Maps, PoolWindow);
template void max_pool_backward(const bf16*, const std::uint8_t*, bf16*, Maps, Maps, PoolWindow);

}  // namespace phosphene::kernels::cpu
