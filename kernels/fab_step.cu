#include "kernels/fab_step.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void fab_step(Stream stream, float* x, const float* x0, const float* w, const float* f,
              const FabMove* moves, FabFactors factors, bool l2, std::int64_t images,
              std::int64_t size) {
  if (images * size == 0) return;
  launch("fab_step", l2 ? fab_step_kernel<true> : fab_step_kernel<false>, blocks_for(images, 1),
         kBlock, 0, stream, x, x0, w, f, moves, factors, images, size);
}

}  // namespace phosphene::kernels::cuda
