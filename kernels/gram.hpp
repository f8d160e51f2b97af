// The Gram matrix of feature maps (chapter, 21.11.2), F the pixels x c matrix of one image:
//   gram           G[i][j] = sum over p of F[p][i] F[p][j]              c c pixels products
//   gram_backward  d_F[p][i] += factor  sum over j of F[p][j] D[j][i],  D symmetric, c x c
// For L = s |G - G*|^2: D = G - G* and factor 4 s. G and D are float. gram's `scratch` holds
// gram_scratch(pixels, c) floats: partial sums over fixed slices of the pixels, added in order,
// so that G repeats bit for bit; its relative error grows as sqrt(pixels / slices) eps. Without
// pixels G is 0. Bound by arithmetic, but for gram_backward below 128 channels, which reads F and
// d_F and writes d_F once.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {
/// G is computed in squares of this many channels, and only those on or above its diagonal.
constexpr std::int64_t kGramTile = 64;
/// Slices of the pixels that gram sums apart, on every device.
std::int64_t gram_slices(std::int64_t pixels, std::int64_t c);
std::int64_t gram_scratch(std::int64_t pixels, std::int64_t c);
}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
template <class T>
void gram(const T* f, std::int64_t pixels, std::int64_t c, float* scratch, float* g);
template <class T>
void gram_backward(const T* f, const float* d, std::int64_t pixels, std::int64_t c, float factor,
                   T* d_f);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void gram(Stream stream, const T* f, std::int64_t pixels, std::int64_t c, float* scratch, float* g);
template <class T>
void gram_backward(Stream stream, const T* f, const float* d, std::int64_t pixels, std::int64_t c,
                   float factor, T* d_f);
}  // namespace phosphene::kernels::cuda
