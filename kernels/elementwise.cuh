// y[i] = f(x0[i], x1[i], ...): the kernel of every step that treats each element alike. A thread
// takes a pack of neighbouring elements (16 bytes of the narrowest type), so that each load and
// store of a warp covers whole cache lines; the last count % width elements go one by one.
// Without 16-byte alignment all elements do. An element is read before it is written and by one
// thread only, so y may be one of the inputs.
#pragma once
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

template <class Y, class... X>
constexpr int pack_width() {
  std::size_t narrowest = sizeof(Y);
  ((narrowest = sizeof(X) < narrowest ? sizeof(X) : narrowest), ...);
  return static_cast<int>(16 / narrowest);
}

/// f takes floats and returns a float.
template <bool kPacked, class F, class Y, class... X>
__global__ void elementwise_kernel(std::int64_t count, F f, Y* y, const X*... x) {
  std::int64_t done = 0;
  if constexpr (kPacked) {
    constexpr int kWidth = pack_width<Y, X...>();
    const std::int64_t packs = count / kWidth;
    const auto apply = [&](std::int64_t pack, const auto&... in) {
      Pack<Y, kWidth> out;
#pragma unroll
      for (int k = 0; k < kWidth; ++k) out.v[k] = from_float<Y>(f(to_float(in.v[k])...));
      store_pack<Y, kWidth>(y, pack, out);
    };
    for (std::int64_t pack = grid_thread(); pack < packs; pack += grid_threads()) {
      apply(pack, load_pack<X, kWidth>(x, pack)...);
    }
    done = packs * kWidth;
  }
  for (std::int64_t i = done + grid_thread(); i < count; i += grid_threads()) {
    y[i] = from_float<Y>(f(to_float(x[i])...));
  }
}

}  // namespace phosphene::kernels::cuda
