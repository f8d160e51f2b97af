#include "engine/cpu/gemm.hpp"
#include "engine/ops/dispatch.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "kernels/gram.hpp"
#include "kernels/match.hpp"
#include "kernels/reduce.hpp"
#include "kernels/total_variation.hpp"

namespace phosphene::ops {

Tensor gram_scratch(const Context& context, const Shape& features) {
  const std::int64_t floats =
      context.device().is_cuda() ? kernels::gram_scratch(features.pixels(), features.c) : 0;
  return context.empty({1, 1, 1, floats});
}

/// On the CPU a library's matrix product beats our kernel, which is the oracle of the tests there.
void gram(const Context& context, const Tensor& features, float factor, Tensor& scratch,
          Tensor& g) {
  const std::int64_t pixels = features.shape().pixels(), c = features.shape().c;
  if (!context.device().is_cuda()) {
    const float* f = features.data();
    cpu::gemm(true, false, c, c, pixels, factor, f, c, f, c, 0, g.data(), c);
    return;
  }
#if PHOSPHENE_WITH_CUDA
  on_storage(features.dtype(), [&]<class T>(T*) {
    kernels::cuda::gram(static_cast<kernels::Stream>(context.stream()), features.data<T>(), pixels,
                        c, scratch.data(), g.data());
  });
  scale(context, factor, g);
#else
  (void)scratch;
#endif
}

void gram_backward(const Context& context, const Tensor& features, const Tensor& d, float factor,
                   Tensor& d_features) {
  const std::int64_t pixels = features.shape().pixels(), c = features.shape().c;
  if (!context.device().is_cuda()) {
    cpu::gemm(false, false, pixels, c, c, factor, features.data(), c, d.data(), c, 1,
              d_features.data(), c);
    return;
  }
#if PHOSPHENE_WITH_CUDA
  on_storage(features.dtype(), [&]<class T>(T*) {
    kernels::cuda::gram_backward(static_cast<kernels::Stream>(context.stream()), features.data<T>(),
                                 d.data(), pixels, c, factor, d_features.data<T>());
  });
#endif
}

Tensor loss_scratch(const Context& context) {
  return context.empty({1, 1, 1, kernels::kReductionScratch});
}

void abs_sum(const Context& context, const Tensor& x, Tensor& scratch, Tensor& sum) {
  PHOSPHENE_CALL(context, abs_sum, x.data(), x.count(), scratch.data(), sum.data());
}

void match(const Context& context, const Tensor& x, const Tensor& target, float s, Tensor& d_x,
           Tensor& scratch, Tensor& loss) {
  on_storage(x.dtype(), [&]<class T>(T*) {
    PHOSPHENE_CALL(context, match, x.data<T>(), target.data<T>(), s, d_x.data<T>(), target.count(),
                   scratch.data(), loss.data());
  });
}

void total_variation(const Context& context, const Tensor& x, float weight, float beta, Tensor& d_x,
                     Tensor& scratch, Tensor& loss) {
  const Shape& s = x.shape();
  PHOSPHENE_CALL(context, total_variation, x.data(), s.n * s.c, s.h, s.w, weight, beta, d_x.data(),
                 scratch.data(), loss.data());
}

}  // namespace phosphene::ops
