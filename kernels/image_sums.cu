#include "kernels/image_sums.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void image_norms(Stream stream, const float* x, const float* y, ImageNorm norm, std::int64_t n,
                 std::int64_t count, float* result) {
  if (n == 0) return;
  const auto kernel = norm == ImageNorm::l1   ? image_norms_kernel<ImageNorm::l1>
                      : norm == ImageNorm::l2 ? image_norms_kernel<ImageNorm::l2>
                                              : image_norms_kernel<ImageNorm::linf>;
  launch("image_norms", kernel, static_cast<unsigned>(n), kImageBlock, 0, stream, x, y, count,
         result);
}

void image_dots(Stream stream, const float* x, const float* y, std::int64_t n, std::int64_t count,
                float* result) {
  if (n == 0) return;
  launch("image_dots", image_dots_kernel, static_cast<unsigned>(n), kImageBlock, 0, stream, x, y,
         count, result);
}

}  // namespace phosphene::kernels::cuda
