// The logarithm of the mean of k softmaxes, that is what a classifier says on average over k copies
// of an image: z and p are [k, n, classes], y and d_y [n, classes].
//   p_s = softmax(z_s),  y = ln(mean over s of p_s + 1e-30)
//   d_z_s = p_s (e - p_s . e) / k,  e = d_y / exp(y)
// The 1e-30 keeps y finite. p is what backward reads; p and z may be one, and so may d_z and p.
// Moves z and p once, back p and d_z; further passes find them in cache.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {
constexpr float kMeanSoftmaxFloor = 1e-30F;
}

namespace phosphene::kernels::cpu {
void mean_softmax(const float* z, float* p, float* y, std::int64_t k, std::int64_t n,
                  std::int64_t classes);
void mean_softmax_backward(const float* d_y, const float* y, const float* p, float* d_z,
                           std::int64_t k, std::int64_t n, std::int64_t classes);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void mean_softmax(Stream stream, const float* z, float* p, float* y, std::int64_t k, std::int64_t n,
                  std::int64_t classes);
void mean_softmax_backward(Stream stream, const float* d_y, const float* y, const float* p,
                           float* d_z, std::int64_t k, std::int64_t n, std::int64_t classes);
}  // namespace phosphene::kernels::cuda
