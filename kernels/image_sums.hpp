// One number for each of n images of `count` floats, none of which knows of the others:
//   image_norms     result_i = |x_i - y_i|, or |x_i| where y is null: the sum of magnitudes, the
//                   root of the sum of squares, or the largest magnitude (a NaN wins)
//   image_dots      result_i = sum x_i y_i
// The order of a sum follows from `count` alone (on a GPU one block an image), so that it repeats
// bit for bit whatever the batch; its error is that of count / 256 sequential additions. Squares
// overflow past 1e19. Without elements the result is 0. Reads every element once.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {
enum class ImageNorm : std::uint8_t { l1, l2, linf };
}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void image_norms(const float* x, const float* y, ImageNorm norm, std::int64_t n, std::int64_t count,
                 float* result);
void image_dots(const float* x, const float* y, std::int64_t n, std::int64_t count, float* result);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void image_norms(Stream stream, const float* x, const float* y, ImageNorm norm, std::int64_t n,
                 std::int64_t count, float* result);
void image_dots(Stream stream, const float* x, const float* y, std::int64_t n, std::int64_t count,
                float* result);
}  // namespace phosphene::kernels::cuda
