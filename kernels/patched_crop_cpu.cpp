#include "kernels/patched_crop.hpp"

#include <algorithm>
#include <limits>

#include "kernels/cpu.hpp"
#include "kernels/reflect_pad.hpp"

namespace phosphene::kernels::cpu {
namespace {

/// One row of a crop, column by column of the map; `fresh` is null where the row is clean.
template <class T>
struct RowSource {
  const T* clean;
  const T* fresh;
  std::int64_t fresh_left, fresh_right, c;

  const T* at(std::int64_t col) const {
    return fresh && col >= fresh_left && col < fresh_right ? fresh + (col - fresh_left) * c
                                                           : clean + col * c;
  }
  /// Columns [from, to) in whole stretches.
  T* copy(std::int64_t from, std::int64_t to, T* y) const {
    const std::int64_t left = fresh ? std::clamp(fresh_left, from, to) : to;
    const std::int64_t right = fresh ? std::clamp(fresh_right, left, to) : to;
    y = std::copy_n(clean + from * c, (left - from) * c, y);
    if (left < right) y = std::copy_n(at(left), (right - left) * c, y);
    return std::copy_n(clean + right * c, (to - right) * c, y);
  }
};

}  // namespace

template <class T>
void patched_crop(const T* clean, const T* fresh, const CropPlace* places, T* y, Maps clean_maps,
                  Maps fresh_maps, Maps y_maps, Border border) {
  const std::int64_t h = clean_maps.h, w = clean_maps.w, c = clean_maps.c;
  const T outside =
      from_float<T>(border == Border::lowest ? -std::numeric_limits<float>::infinity() : 0.0F);
#pragma omp parallel for schedule(static) if (y_maps.count() > kParallelFrom)
  for (std::int64_t line = 0; line < y_maps.n * y_maps.h; ++line) {
    const std::int64_t i = line / y_maps.h;
    const CropPlace place = places[i];
    T* out = y + line * y_maps.w * c;
    std::int64_t row = place.top + line % y_maps.h;
    if (border == Border::mirror) row = mirror(row, h);
    if (row < 0 || row >= h) {
      std::fill_n(out, y_maps.w * c, outside);
      continue;
    }
    const std::int64_t fresh_row = row - place.fresh_top;
    const bool patched = fresh_row >= 0 && fresh_row < fresh_maps.h;
    const RowSource<T> source{
        clean + row * w * c,
        patched ? fresh + (i * fresh_maps.h + fresh_row) * fresh_maps.w * c : nullptr,
        place.fresh_left, place.fresh_left + fresh_maps.w, c};
    const std::int64_t first = place.left, last = first + y_maps.w;
    const std::int64_t from = std::clamp<std::int64_t>(first, 0, w);
    const std::int64_t to = std::clamp<std::int64_t>(last, from, w);
    const auto fill = [&](std::int64_t begin, std::int64_t end) {
      if (border != Border::mirror && begin < end)
        out = std::fill_n(out, (end - begin) * c, outside);
      for (std::int64_t col = begin; border == Border::mirror && col < end; ++col) {
        out = std::copy_n(source.at(mirror(col, w)), c, out);
      }
    };
    fill(first, std::min<std::int64_t>(last, 0));
    if (from < to) out = source.copy(from, to, out);
    fill(std::max(first, w), last);
  }
}

template void patched_crop(const float*, const float*, const CropPlace*, float*, Maps, Maps, Maps,
                           Border);
template void patched_crop(const bf16*, const bf16*, const CropPlace*, bf16*, Maps, Maps, Maps,
                           Border);

}  // namespace phosphene::kernels::cpu
