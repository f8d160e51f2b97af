// One step of Carlini and Wagner's L2 attack (2017) on n images at once, each of `count` pixels and
// on its own: gradient of both terms, Adam, back to pixels. A pixel is x = (1 + tanh w) / 2, so it
// cannot leave [0,1], and w is free. With a = x(w0), w0 = atanh(s (2 clean - 1)) and s = 0.999999,
// which keeps w0 finite where a pixel is 0 or 1,
//   d = (2 (x - a) - weight g) 2 x (1 - x)       the gradient at w of |x - a|^2 - weight margin
//   m = b1 m + (1 - b1) d;  v = b2 v + (1 - b2) d^2;  w = w - rate m / (root sqrt(v) + 1e-8)
//   x = x(w)
// where g is the margin's gradient at the pixels, b1 = 0.9, b2 = 0.999. Where the weight or g is 0
// and w is still w0, d is exactly 0: Adam would make a whole step of a rounding error.
//
// Each image has a slot that says what becomes of it: nothing at all; a new start (w = w0, m = v =
// 0, x = a; g is not looked at); or a step, with its own weight and, of its t-th step since the
// start, rate = r / (1 - b1^t) and root = 1 / sqrt(1 - b2^t).
// n <= 65535. Reads 5, writes 4 floats a pixel.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {
struct CarliniWagnerSlot {
  enum Move : std::int32_t { hold, start, step };
  std::int32_t move = hold;
  float weight = 0, rate = 0, root = 0;
};
}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void carlini_wagner(const CarliniWagnerSlot* slots, const float* clean, const float* g, float* w,
                    float* m, float* v, float* x, std::int64_t n, std::int64_t count);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void carlini_wagner(Stream stream, const CarliniWagnerSlot* slots, const float* clean,
                    const float* g, float* w, float* m, float* v, float* x, std::int64_t n,
                    std::int64_t count);
}  // namespace phosphene::kernels::cuda
