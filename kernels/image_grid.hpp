// The grid of kernels whose blocks belong to one image each; only a .cu includes it.
#pragma once
#include <algorithm>

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

/// Images in one launch, at most: what a grid's y may be.
constexpr std::int64_t kMostImages = 65535;

/// Blocks for `items` items of each of n <= kMostImages images, `per_block` each: a row an image.
inline dim3 image_blocks(std::int64_t n, std::int64_t items, std::int64_t per_block) {
  dim3 grid = blocks_for(items, per_block);
  grid.y = static_cast<unsigned>(n);
  return grid;
}

}  // namespace phosphene::kernels::cuda
