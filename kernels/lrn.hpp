// Local response normalisation across channels (Krizhevsky et al. 2012), r = size / 2:
//   s[c] = k + alpha / size  sum over |c' - c| <= r of x[c']^2,   y = x s^-beta
//   d_x[c] = d_y[c] s[c]^-beta
//            - 2 alpha beta / size  x[c]  sum over |c' - c| <= r of d_y[c'] x[c'] s[c']^(-beta - 1)
// `size` is odd.
// Moves x and y once; back d_y, x and d_x: the neighbours lie in cache.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {
struct LrnParams {
  int size;
  float alpha, beta, k;
};
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
