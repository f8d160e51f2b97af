// The change of variables of Carlini and Wagner (2017), without cancellation anywhere:
//   x = (1 + tanh w) / 2 = 1 / (1 + e^-2w);   dx/dw = 2 x (1 - x)
#pragma once
#include <cmath>

#include "kernels/common.hpp"

namespace phosphene::kernels {

struct TanhPixel {
  float x, slope;
};

PHOSPHENE_HOST_DEVICE inline TanhPixel tanh_pixel(float w) {
  const float e = std::exp(-2.0F * std::fabs(w));  // never above 1, so nothing overflows
  const float p = 1.0F / (1.0F + e);
  return {w < 0 ? e * p : p, 2.0F * e * p * p};
}

/// atanh(0.999999 (2 x - 1)), x in [0,1]: 1 + a and 1 - a are summed from positive parts.
PHOSPHENE_HOST_DEVICE inline float tanh_start(float x) {
  constexpr float kTwice = 2 * 0.999999F, kRest = 1e-6F;
  return 0.5F * std::log((kTwice * x + kRest) / (kTwice * (1.0F - x) + kRest));
}

}  // namespace phosphene::kernels
