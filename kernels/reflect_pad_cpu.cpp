#include "kernels/reflect_pad.hpp"

#include <algorithm>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

template <class T>
void reflect_pad(const T* x, T* y, Maps x_maps, int top, int left, int bottom, int right) {
  const auto [n, h, w, c] = x_maps;
  const std::int64_t out_h = h + top + bottom, out_w = w + left + right;
  if (x_maps.count() == 0) return;
#pragma omp parallel for if (x_maps.count() > kParallelFrom)
  for (std::int64_t row = 0; row < n * out_h; ++row) {
    const T* in = x + (row / out_h * h + mirror(row % out_h - top, h)) * w * c;
    T* out = y + row * out_w * c;
    for (std::int64_t j = 0; j < left; ++j) std::copy_n(in + (left - j) * c, c, out + j * c);
    std::copy_n(in, w * c, out + left * c);
    for (std::int64_t j = 0; j < right; ++j) {
      std::copy_n(in + (w - 2 - j) * c, c, out + (left + w + j) * c);
    }
  }
}

template <class T>
void reflect_pad_backward(const T* d_y, T* d_x, Maps x_maps, int top, int left, int bottom,
                          int right) {
  const auto [n, h, w, c] = x_maps;
  const std::int64_t out_h = h + top + bottom, out_w = w + left + right;
  if (x_maps.count() == 0) return;
#pragma omp parallel for if (x_maps.count() > kParallelFrom)
  for (std::int64_t row = 0; row < n * h; ++row) {
    const std::int64_t image = row / h * out_h;
    const MirrorPlaces rows = mirror_places(row % h, h, top, bottom);
    // A row that is shown once is copied between the columns that are shown twice.
    const bool once = rows.single();
    const std::int64_t first = once ? std::min<std::int64_t>(left + 1, w) : w;
    const std::int64_t last = once ? std::max<std::int64_t>(w - 1 - right, first) : w;
    T* out = d_x + row * w * c;
    std::copy_n(d_y + ((image + rows.at[1]) * out_w + left + first) * c, (last - first) * c,
                out + first * c);
    for (std::int64_t j = 0; j < w; j = j + 1 == first ? last : j + 1) {
      const MirrorPlaces cols = mirror_places(j, w, left, right);
      for (std::int64_t k = 0; k < c; ++k) {
        float sum = 0;
        for (const std::int64_t from_row : rows.at) {
          for (const std::int64_t from_col : cols.at) {
            if (from_row < 0 || from_col < 0) continue;
            sum += to_float(d_y[((image + from_row) * out_w + from_col) * c + k]);
          }
        }
        out[j * c + k] = from_float<T>(sum);
      }
    }
  }
}

template void reflect_pad(const float*, float*, Maps, int, int, int, int);
template void reflect_pad(const bf16*, bf16*, Maps, int, int, int, int);
template void reflect_pad_backward(const float*, float*, Maps, int, int, int, int);
template void reflect_pad_backward(const bf16*, bf16*, Maps, int, int, int, int);

}  // namespace phosphene::kernels::cpu
