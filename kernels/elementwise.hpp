// The launcher that goes with elementwise.cuh, for other launchers; only a .cu includes it.
#pragma once
#include "kernels/elementwise.cuh"
#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

template <class F, class Y, class... X>
void elementwise(const char* name, Stream stream, std::int64_t count, F f, Y* y, const X*... x) {
  if (count == 0) return;
  if (aligned_to_pack(y, x...)) {
    launch(name, elementwise_kernel<true, F, Y, X...>,
           blocks_for(count, kBlock * pack_width<Y, X...>()), kBlock, 0, stream, count, f, y, x...);
  } else {
    launch(name, elementwise_kernel<false, F, Y, X...>, blocks_for(count, kBlock), kBlock, 0,
           stream, count, f, y, x...);
  }
}

}  // namespace phosphene::kernels::cuda
