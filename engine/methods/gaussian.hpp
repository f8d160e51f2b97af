#pragma once
#include "phosphene/tensor.hpp"

namespace phosphene {

/// Every plane of a host tensor (nchw fp32) under a Gaussian of `sigma` > 0 pixels, cut off at
/// ceil(3 sigma). At the borders the weights that fall outside are left out and the others made
/// to sum to 1, so that nothing is drawn in from beyond the picture.
Tensor gaussian_blur(const Tensor& image, float sigma);

}  // namespace phosphene
