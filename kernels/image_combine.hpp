// Elementwise steps over n images of `count` floats, each image with its own numbers.
//   image_combine     y_i = a_i x_i + b_i y_i; a factor of 0 reads nothing: NaN times 0 is 0 here
//   image_accumulate  y_i = momentum_i y_i + x_i / norm_i; without the second term unless
//                     norm_i > 0 and finite, without the first where momentum_i is 0
//   image_select      y_i = x_i where chosen_i is not 0
// In place on y. Read 2 and write 1 float an element.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
void image_combine(const float* a, const float* x, const float* b, float* y, std::int64_t n,
                   std::int64_t count);
void image_accumulate(const float* x, const float* norms, const float* momentum, float* y,
                      std::int64_t n, std::int64_t count);
void image_select(const float* chosen, const float* x, float* y, std::int64_t n,
                  std::int64_t count);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void image_combine(Stream stream, const float* a, const float* x, const float* b, float* y,
                   std::int64_t n, std::int64_t count);
void image_accumulate(Stream stream, const float* x, const float* norms, const float* momentum,
                      float* y, std::int64_t n, std::int64_t count);
void image_select(Stream stream, const float* chosen, const float* x, float* y, std::int64_t n,
                  std::int64_t count);
}  // namespace phosphene::kernels::cuda
