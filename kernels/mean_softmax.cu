#include "kernels/mean_softmax.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void mean_softmax(Stream stream, const float* z, float* p, float* y, std::int64_t k, std::int64_t n,
                  std::int64_t classes) {
  if (n * classes == 0) return;
  launch("mean_softmax", mean_softmax_kernel, blocks_for(n * kWarp, kBlock), kBlock, 0, stream, z,
         p, y, k, n, classes);
}

void mean_softmax_backward(Stream stream, const float* d_y, const float* y, const float* p,
                           float* d_z, std::int64_t k, std::int64_t n, std::int64_t classes) {
  if (k * n * classes == 0) return;
  launch("mean_softmax_backward", mean_softmax_backward_kernel, blocks_for(k * n * kWarp, kBlock),
         kBlock, 0, stream, d_y, y, p, d_z, k, n, classes);
}

}  // namespace phosphene::kernels::cuda
