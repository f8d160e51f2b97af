// The launch that goes with maps_grid.cuh; only a .cu includes it.
#pragma once
#include <algorithm>

#include "kernels/launch.hpp"
#include "kernels/maps_grid.cuh"

namespace phosphene::kernels::cuda {

struct MapsGrid {
  dim3 grid, block;
};

inline MapsGrid maps_grid(std::int64_t rows, std::int64_t cols, std::int64_t packs) {
  constexpr std::int64_t kMostRows = 8192;  // more than any GPU runs at once
  unsigned across = 1;
  while (across < packs && across < kBlock) across *= 2;
  const unsigned along = kBlock / across;
  return {dim3(blocks_for(cols, along).x, static_cast<unsigned>(std::min(rows, kMostRows)), 1),
          dim3(across, along, 1)};
}

/// Whether channels move in packs of 16 bytes: their number must divide and the arrays be aligned.
template <class T, class... Pointers>
bool in_packs(std::int64_t channels, const Pointers*... arrays) {
  return channels % kLanesOf<T> == 0 && aligned_to_pack(arrays...);
}

}  // namespace phosphene::kernels::cuda
