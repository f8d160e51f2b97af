#include "kernels/carlini_wagner.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void carlini_wagner(Stream stream, const CarliniWagnerSlot* slots, const float* clean,
                    const float* g, float* w, float* m, float* v, float* x, std::int64_t n,
                    std::int64_t count) {
  if (n * count == 0) return;
  const dim3 grid(blocks_for(count, kBlock).x, static_cast<unsigned>(n));
  launch("carlini_wagner", carlini_wagner_kernel, grid, kBlock, 0, stream, slots, clean, g, w, m, v,
         x, count);
}

}  // namespace phosphene::kernels::cuda
