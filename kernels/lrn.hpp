// Local response normalisation across channels (Krizhevsky et al. 2012), r = size / 2:
//   s[c] = k + alpha / size  sum over |c' - c| <= r of x[c']^2,   y = x s^-beta
//   d_x[c] = d_y[c] s[c]^-beta
//            - 2 alpha beta / size  x[c]  sum over |c' - c| <= r of d_y[c'] x[c'] s[c']^(-beta - 1)
// `size` is odd.
// Moves x and y once; back d_y, x and d_x: the neighbours lie in cache.
#pragma once
#include <cmath>

#include "kernels/common.hpp"

namespace phosphene::kernels {
struct LrnParams {
  int size;
  float alpha, beta, k;
};

/// s^-beta. For 3/4, which is what networks with this layer have, out of two roots, which vectorise
/// and cost a fraction of powf. Relative to the result, with u = 2^-24: the first root is off by u,
/// the second by half of that and u of its own, product and quotient by u each, 4.5 u together;
/// powf may be off by 2 u on a CPU and 8 u on a device.
PHOSPHENE_HOST_DEVICE inline float lrn_power(float s, float beta) {
  if (beta != 0.75F) return std::pow(s, -beta);
  const float root = std::sqrt(s);
  return 1 / (root * std::sqrt(root));
}
}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
template <class T>
void lrn(const T* x, T* y, Maps maps, LrnParams params);
template <class T>
void lrn_backward(const T* d_y, const T* x, T* d_x, Maps maps, LrnParams params);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void lrn(Stream stream, const T* x, T* y, Maps maps, LrnParams params);
template <class T>
void lrn_backward(Stream stream, const T* d_y, const T* x, T* d_x, Maps maps, LrnParams params);
}  // namespace phosphene::kernels::cuda
