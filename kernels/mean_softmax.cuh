// A warp takes an image: its lanes run over the classes side by side, one copy after the other, and
// a lane reads again only what it wrote. Backward a warp takes one copy of an image.
#pragma once
#include "kernels/largest.cuh"
#include "kernels/mean_softmax.hpp"

namespace phosphene::kernels::cuda {

__global__ void mean_softmax_kernel(const float* z, float* p, float* y, std::int64_t k,
                                    std::int64_t n, std::int64_t classes) {
  const std::int64_t lane = grid_thread() % kWarp;
  for (std::int64_t i = grid_thread() / kWarp; i < n; i += grid_threads() / kWarp) {
    for (std::int64_t s = 0; s < k; ++s) {
      const std::int64_t at = (s * n + i) * classes;
      float largest = -INFINITY, sum = 0;
      for (std::int64_t c = lane; c < classes; c += kWarp) largest = fmaxf(largest, z[at + c]);
      largest = warp_largest(largest);
      for (std::int64_t c = lane; c < classes; c += kWarp) {
        const float e = expf(z[at + c] - largest);
        p[at + c] = e;
        sum += e;
      }
      sum = warp_sum(sum);
      for (std::int64_t c = lane; c < classes; c += kWarp) p[at + c] /= sum;
    }
    for (std::int64_t c = lane; c < classes; c += kWarp) {
      float mean = 0;
      for (std::int64_t s = 0; s < k; ++s) mean += p[(s * n + i) * classes + c];
      y[i * classes + c] = logf(mean / static_cast<float>(k) + kMeanSoftmaxFloor);
    }
  }
}

__global__ void mean_softmax_backward_kernel(const float* d_y, const float* y, const float* p,
                                             float* d_z, std::int64_t k, std::int64_t n,
                                             std::int64_t classes) {
  const std::int64_t lane = grid_thread() % kWarp;
  for (std::int64_t row = grid_thread() / kWarp; row < k * n; row += grid_threads() / kWarp) {
    const float* in = p + row * classes;
    const float* mean = y + row % n * classes;
    const float* d = d_y + row % n * classes;
    float dot = 0;
    for (std::int64_t c = lane; c < classes; c += kWarp) dot += d[c] / expf(mean[c]) * in[c];
    dot = warp_sum(dot);
    for (std::int64_t c = lane; c < classes; c += kWarp) {
      d_z[row * classes + c] = in[c] * (d[c] / expf(mean[c]) - dot) / static_cast<float>(k);
    }
  }
}

}  // namespace phosphene::kernels::cuda
