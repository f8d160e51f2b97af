#include "kernels/mean_softmax.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

void mean_softmax(const float* z, float* p, float* y, std::int64_t k, std::int64_t n,
                  std::int64_t classes) {
#pragma omp parallel for if (k * n * classes > kParallelFrom)
  for (std::int64_t i = 0; i < n; ++i) {
    float* mean = y + i * classes;
    std::fill_n(mean, classes, 0.0F);
    for (std::int64_t s = 0; s < k; ++s) {
      const float* in = z + (s * n + i) * classes;
      float* out = p + (s * n + i) * classes;
      const float largest = *std::max_element(in, in + classes);
      float sum = 0;
      for (std::int64_t c = 0; c < classes; ++c) sum += out[c] = std::exp(in[c] - largest);
      for (std::int64_t c = 0; c < classes; ++c) mean[c] += out[c] /= sum;
    }
    for (std::int64_t c = 0; c < classes; ++c) {
      mean[c] = std::log(mean[c] / static_cast<float>(k) + kMeanSoftmaxFloor);
    }
  }
}

void mean_softmax_backward(const float* d_y, const float* y, const float* p, float* d_z,
                           std::int64_t k, std::int64_t n, std::int64_t classes) {
#pragma omp parallel for if (k * n * classes > kParallelFrom)
  for (std::int64_t row = 0; row < k * n; ++row) {
    const float* in = p + row * classes;
    const float* mean = y + row % n * classes;
    const float* d = d_y + row % n * classes;
    float dot = 0;
    for (std::int64_t c = 0; c < classes; ++c) dot += d[c] / std::exp(mean[c]) * in[c];
    for (std::int64_t c = 0; c < classes; ++c) {
      d_z[row * classes + c] = in[c] * (d[c] / std::exp(mean[c]) - dot) / static_cast<float>(k);
    }
  }
}

}  // namespace phosphene::kernels::cpu
