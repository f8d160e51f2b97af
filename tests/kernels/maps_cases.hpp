// Shapes and windows that the tests over feature maps share.
#pragma once
#include <vector>

#include "kernels/common.hpp"

namespace phosphene::kernels::testing {

/// Empty, one pixel, odd and prime extents, channels around a pack, a warp and a block, and rows
/// long enough for several blocks.
inline const std::vector<Maps> kMaps = {
    {0, 4, 4, 3},   {2, 3, 4, 0},   {1, 1, 1, 1},   {1, 2, 3, 4},   {2, 5, 7, 3},
    {1, 9, 4, 32},  {1, 3, 5, 31},  {2, 3, 3, 33},  {1, 1, 17, 64}, {3, 2, 1, 72},
    {1, 37, 11, 8}, {1, 2, 300, 8}, {1, 2, 300, 1}, {1, 1, 2, 1028}};

/// A pooling: the input, the window, and whether outputs are rounded up.
struct PoolCase {
  Maps x;
  PoolWindow window;
  bool ceil;
};

inline std::int64_t pooled(std::int64_t extent, int kernel, int stride, int before, int after,
                           bool ceil) {
  const std::int64_t room = extent + before + after - kernel;
  std::int64_t out = room / stride + 1;
  // One more window if pixels are left over, unless it would start in the trailing padding.
  if (ceil && room % stride != 0 && out * stride < extent + before) ++out;
  return out;
}
inline Maps pooled(const PoolCase& c) {
  const PoolWindow& w = c.window;
  return {c.x.n, pooled(c.x.h, w.kernel_h, w.stride_h, w.pad_top, w.pad_bottom, c.ceil),
          pooled(c.x.w, w.kernel_w, w.stride_w, w.pad_left, w.pad_right, c.ceil), c.x.c};
}

inline const std::vector<PoolCase> kPoolCases = {
    {{0, 4, 4, 3}, {2, 2, 2, 2, 0, 0, 0, 0}, false},
    {{1, 1, 1, 1}, {1, 1, 1, 1, 0, 0, 0, 0}, false},
    {{1, 2, 2, 64}, {2, 2, 2, 2, 0, 0, 0, 0}, false},
    {{2, 7, 5, 3}, {2, 2, 2, 2, 0, 0, 0, 0}, false},     // a row and a column unseen
    {{2, 7, 5, 4}, {2, 2, 2, 2, 0, 0, 0, 0}, true},      // and seen by half a window
    {{1, 13, 11, 32}, {3, 3, 2, 2, 1, 1, 1, 1}, false},  // overlapping, padded
    {{1, 6, 6, 33}, {3, 3, 2, 2, 0, 0, 0, 0}, true},     // runs past the input
    {{1, 6, 9, 8}, {3, 3, 2, 2, 1, 1, 0, 0}, true},      // past a padding of one side
    {{1, 7, 7, 5}, {3, 3, 1, 1, 1, 1, 1, 1}, false},
    {{1, 5, 8, 12}, {3, 2, 1, 3, 2, 0, 1, 1}, false},       // nothing is symmetric
    {{1, 3, 10, 31}, {1, 3, 2, 4, 0, 0, 0, 2}, false},      // strides over pixels
    {{1, 16, 16, 2}, {16, 16, 16, 16, 0, 0, 0, 0}, false},  // place 255 still fits a byte
    {{1, 4, 601, 8}, {2, 2, 2, 2, 0, 0, 0, 0}, true},       // several blocks along a row
    {{1, 2, 3, 1028}, {2, 2, 1, 1, 0, 0, 0, 0}, false},     // more channels than a block's packs
};

/// Ends of a loop over a window that is clipped to [0, extent).
inline bool inside(std::int64_t i, std::int64_t extent) { return i >= 0 && i < extent; }

inline std::size_t index_of(const Maps& m, std::int64_t n, std::int64_t i, std::int64_t j,
                            std::int64_t c) {
  return static_cast<std::size_t>(((n * m.h + i) * m.w + j) * m.c + c);
}

/// body(n, i, j, c) for every element, in the order of memory.
template <class Body>
void for_each_element(const Maps& m, Body body) {
  for (std::int64_t n = 0; n < m.n; ++n) {
    for (std::int64_t i = 0; i < m.h; ++i) {
      for (std::int64_t j = 0; j < m.w; ++j) {
        for (std::int64_t c = 0; c < m.c; ++c) body(n, i, j, c);
      }
    }
  }
}

}  // namespace phosphene::kernels::testing
