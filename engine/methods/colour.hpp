#pragma once
#include "phosphene/tensor.hpp"

namespace phosphene {

/// Luma of `painted`, chrominance of `content` (YIQ; Gatys et al. 2016b, 5.1). Host images of one
/// size, [1, 3, h, w].
Tensor with_colours_of(const Tensor& painted, const Tensor& content);

/// `style` under the affine map x -> A x + b that gives its pixels the mean and the covariance of
/// `content`'s: A = L_c L_s^-1 with Cholesky factors L (Gatys et al. 2016b, 5.2). Host images.
Tensor match_colours(const Tensor& style, const Tensor& content);

}  // namespace phosphene
