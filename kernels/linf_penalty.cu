#include "kernels/linf_penalty.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void linf_penalty(Stream stream, const float* x, const float* x0, float lambda, const float* slack,
                  float* d_x, std::int64_t n, std::int64_t count) {
  if (n * count == 0) return;
  launch("linf_penalty", linf_penalty_kernel, static_cast<unsigned>(n), kImageBlock, 0, stream, x,
         x0, lambda, slack, d_x, count);
}

}  // namespace phosphene::kernels::cuda
