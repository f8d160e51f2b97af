#include "kernels/lbfgs.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void lbfgs(Stream stream, float* x, const float* g, LbfgsBuffers buffers, std::int64_t capacity,
           std::int64_t count, float rate) {
  if (count == 0) return;
  const auto slices = static_cast<unsigned>(lbfgs_slices(capacity, count));
  const auto groups = static_cast<unsigned>(ceil_div(capacity, kLbfgsSlotsPerBlock));
  launch("lbfgs_newest", lbfgs_newest_kernel, slices, kBlock, 0, stream, g, buffers, capacity,
         count);
  launch("lbfgs_dots", lbfgs_dots_kernel, dim3(slices, groups, 1), kBlock, 0, stream, g, buffers,
         capacity, count);
  launch("lbfgs_sum", lbfgs_sum_kernel, blocks_for(lbfgs_dots(capacity), kBlock / kWarp), kBlock, 0,
         stream, buffers, capacity, std::int64_t{slices});
  launch("lbfgs_two_loop", lbfgs_two_loop_kernel, 1, kBlock, 0, stream, buffers, capacity, rate);
  launch("lbfgs_combine", lbfgs_combine_kernel, blocks_for(count, kBlock), kBlock, 0, stream, x, g,
         buffers, capacity, count);
}

}  // namespace phosphene::kernels::cuda
