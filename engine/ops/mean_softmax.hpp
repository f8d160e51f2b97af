#pragma once
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene::ops {

/// y = ln(mean over s of softmax(z_s)) of z [k n, classes, 1, 1], copy after copy of n images; y
/// [n, classes, 1, 1], and z becomes its softmaxes (kernels/mean_softmax.hpp).
void mean_softmax(const Context& context, Tensor& z, Tensor& y);
/// What backward makes of d_y, in place of the softmaxes.
void mean_softmax_backward(const Context& context, const Tensor& d_y, const Tensor& y, Tensor& z);

}  // namespace phosphene::ops
