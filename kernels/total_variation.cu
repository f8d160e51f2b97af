#include "kernels/total_variation.cuh"

#include <algorithm>

#include "kernels/sum.hpp"

namespace phosphene::kernels::cuda {

void total_variation(Stream stream, const float* x, std::int64_t planes, std::int64_t h,
                     std::int64_t w, float weight, float beta, float* d_x, float* scratch,
                     float* loss) {
  const std::int64_t rows = planes * h;
  if (rows * w == 0) return;
  const auto blocks = static_cast<int>(std::min<std::int64_t>(kSumBlocks, rows));
  launch("total_variation",
         beta == 2 ? total_variation_kernel<true> : total_variation_kernel<false>,
         static_cast<unsigned>(blocks), kBlock, 0, stream, x, rows, h, w, weight, beta / 2, d_x,
         scratch);
  total<true>("total_variation", stream, scratch, blocks, weight, loss);
}

}  // namespace phosphene::kernels::cuda
