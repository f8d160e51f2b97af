// A row of blocks an image (blockIdx.y), whose threads take neighbouring elements: an image's
// numbers are the same for a whole block, so that its branches cost nothing.
#pragma once
#include "kernels/image_combine.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

/// Calls f(element) for the elements of image blockIdx.y.
template <class F>
__device__ inline void for_each_of_image(std::int64_t count, F f) {
  const std::int64_t first = std::int64_t{blockIdx.y} * count;
  for (std::int64_t k = grid_thread(); k < count; k += grid_threads()) f(first + k);
}

__device__ inline void combine(float a, const float* x, float b, float* y, std::int64_t count) {
  for_each_of_image(count, [=](std::int64_t k) {
    const float left = a != 0 ? a * x[k] : 0.0F;
    y[k] = b != 0 ? left + b * y[k] : left;
  });
}

__global__ void image_combine_kernel(const float* a, const float* x, const float* b, float* y,
                                     std::int64_t count) {
  combine(a[blockIdx.y], x, b[blockIdx.y], y, count);
}

__global__ void image_accumulate_kernel(const float* x, const float* norms, const float* momentum,
                                        float* y, std::int64_t count) {
  const float norm = norms[blockIdx.y];
  combine(norm > 0 && norm < INFINITY ? 1 / norm : 0.0F, x, momentum[blockIdx.y], y, count);
}

__global__ void image_select_kernel(const float* chosen, const float* x, float* y,
                                    std::int64_t count) {
  if (chosen[blockIdx.y] == 0) return;
  for_each_of_image(count, [=](std::int64_t k) { y[k] = x[k]; });
}

}  // namespace phosphene::kernels::cuda
