// What confines a perturbation: a number in [0,1] for each element of each of n images, read with
// strides so that one mask may serve all images, or all channels. Without data it is 1 everywhere.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {

struct ImageMask {
  const float* data = nullptr;
  std::int64_t image_stride = 0, channel_stride = 0, pixels = 1;

  /// Of element k of image i.
  PHOSPHENE_HOST_DEVICE float at(std::int64_t i, std::int64_t k) const {
    return data == nullptr ? 1.0F
                           : data[i * image_stride + k / pixels * channel_stride + k % pixels];
  }
};

}  // namespace phosphene::kernels
