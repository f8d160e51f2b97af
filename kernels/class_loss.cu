#include "kernels/class_loss.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void class_loss(Stream stream, const float* logits, const std::int32_t* label,
                const std::int32_t* target, ClassLossKind kind, std::int64_t n,
                std::int64_t classes, ClassLossResult result) {
  if (n * classes == 0) return;
  launch("class_loss", class_loss_kernel, blocks_for(n, kBlock / kWarp), kBlock, 0, stream, logits,
         label, target, kind, n, classes, result);
}

}  // namespace phosphene::kernels::cuda
