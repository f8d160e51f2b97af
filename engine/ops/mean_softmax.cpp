#include "kernels/mean_softmax.hpp"

#include "engine/ops/dispatch.hpp"
#include "engine/ops/mean_softmax.hpp"

namespace phosphene::ops {

void mean_softmax(const Context& context, Tensor& z, Tensor& y) {
  const Shape& s = y.shape();
  PHOSPHENE_CALL(context, mean_softmax, z.data(), z.data(), y.data(), z.shape().n / s.n, s.n, s.c);
}

void mean_softmax_backward(const Context& context, const Tensor& d_y, const Tensor& y, Tensor& z) {
  const Shape& s = y.shape();
  PHOSPHENE_CALL(context, mean_softmax_backward, d_y.data(), y.data(), z.data(), z.data(),
                 z.shape().n / s.n, s.n, s.c);
}

}  // namespace phosphene::ops
