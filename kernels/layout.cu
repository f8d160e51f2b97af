#include "kernels/layout.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {
namespace {

std::int64_t tiles_of(Maps maps) {
  return maps.n * ceil_div(maps.h * maps.w, kTilePixels) * ceil_div(maps.c, kTileChannels);
}

}  // namespace

template <class T>
void to_nhwc(Stream stream, const float* x, T* y, Maps maps) {
  if (maps.count() == 0) return;
  const std::int64_t tiles = tiles_of(maps);
  launch("to_nhwc", to_nhwc_kernel<T>, blocks_for(tiles, 1), kBlock, 0, stream, x, y, maps, tiles);
}
template void to_nhwc<float>(Stream, const float*, float*, Maps);
template void to_nhwc<bf16>(Stream, const float*, bf16*, Maps);

template <class T>
void to_nchw(Stream stream, const T* x, float* y, Maps maps) {
  if (maps.count() == 0) return;
  const std::int64_t tiles = tiles_of(maps);
  launch("to_nchw", to_nchw_kernel<T>, blocks_for(tiles, 1), kBlock, 0, stream, x, y, maps, tiles);
}
template void to_nchw<float>(Stream, const float*, float*, Maps);
template void to_nchw<bf16>(Stream, const bf16*, float*, Maps);

}  // namespace phosphene::kernels::cuda
