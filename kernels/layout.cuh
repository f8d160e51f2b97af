// A block turns a tile of 64 pixels by up to 32 channels through shared memory. Either side is
// walked in its own order, planes by runs of 64 pixels and pixels by runs of channels, so that a
// warp reads and writes neighbouring elements on both, with 3 channels as with 512. The odd row
// length of the tile keeps a column out of a single bank.
#pragma once
#include "kernels/layout.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

constexpr int kTilePixels = 64;
constexpr int kTileChannels = 32;

/// The tile of one block: where it begins and how much of it is inside.
struct LayoutTile {
  std::int64_t plane, pixel;  // its first element in nchw and in nhwc
  std::int64_t pixels_stride, channels_stride;
  int pixels, channels;

  __device__ LayoutTile(Maps maps, std::int64_t tile) {
    const std::int64_t image = maps.h * maps.w;
    const std::int64_t across = (image + kTilePixels - 1) / kTilePixels;
    const std::int64_t deep = (maps.c + kTileChannels - 1) / kTileChannels;
    const std::int64_t c = tile % deep * kTileChannels;
    const std::int64_t p = tile / deep % across * kTilePixels;
    const std::int64_t n = tile / deep / across;
    plane = (n * maps.c + c) * image + p;
    pixel = (n * image + p) * maps.c + c;
    pixels_stride = image;
    channels_stride = maps.c;
    pixels = static_cast<int>(image - p < kTilePixels ? image - p : kTilePixels);
    channels = static_cast<int>(maps.c - c < kTileChannels ? maps.c - c : kTileChannels);
  }

  /// Calls visit(channel, pixel, element) for this thread's share, in nchw and in nhwc order.
  template <class Visit>
  __device__ void by_planes(Visit visit) const {
    for (int i = static_cast<int>(threadIdx.x); i < channels * kTilePixels; i += kBlock) {
      const int c = i / kTilePixels, p = i % kTilePixels;
      if (p < pixels) visit(c, p, plane + c * pixels_stride + p);
    }
  }
  template <class Visit>
  __device__ void by_pixels(Visit visit) const {
    for (int i = static_cast<int>(threadIdx.x); i < channels * pixels; i += kBlock) {
      const int c = i % channels, p = i / channels;
      visit(c, p, pixel + p * channels_stride + c);
    }
  }
};

template <class T>
__global__ void to_nhwc_kernel(const float* x, T* y, Maps maps, std::int64_t tiles) {
  __shared__ float values[kTileChannels][kTilePixels + 1];
  for (std::int64_t t = blockIdx.x; t < tiles; t += gridDim.x) {
    const LayoutTile tile(maps, t);
    tile.by_planes([&](int c, int p, std::int64_t i) { values[c][p] = x[i]; });
    __syncthreads();
    tile.by_pixels([&](int c, int p, std::int64_t i) { y[i] = from_float<T>(values[c][p]); });
    __syncthreads();
  }
}

template <class T>
__global__ void to_nchw_kernel(const T* x, float* y, Maps maps, std::int64_t tiles) {
  __shared__ float values[kTileChannels][kTilePixels + 1];
  for (std::int64_t t = blockIdx.x; t < tiles; t += gridDim.x) {
    const LayoutTile tile(maps, t);
    tile.by_pixels([&](int c, int p, std::int64_t i) { values[c][p] = to_float(x[i]); });
    __syncthreads();
    tile.by_planes([&](int c, int p, std::int64_t i) { y[i] = values[c][p]; });
    __syncthreads();
  }
}

}  // namespace phosphene::kernels::cuda
