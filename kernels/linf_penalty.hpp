// The gradient of -lambda |x - x0|_inf, added for each of n images of `count` floats. The norm has
// a corner where several elements are the furthest, which a signed step makes of nearly all; they
// share the slope equally. With d = x - x0 and the m elements for which d != 0 and
// |d| >= max |d| - slack_i,
//   d_x -= lambda / m sign(d) at those m elements
// This is a subgradient of the norm when slack_i is 0. An image with a NaN in d is left alone.
// Reads x and x0 three times, out of cache but for the first, and d_x once; in place on d_x.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels::cpu {
void linf_penalty(const float* x, const float* x0, float lambda, const float* slack, float* d_x,
                  std::int64_t n, std::int64_t count);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void linf_penalty(Stream stream, const float* x, const float* x0, float lambda, const float* slack,
                  float* d_x, std::int64_t n, std::int64_t count);
}  // namespace phosphene::kernels::cuda
