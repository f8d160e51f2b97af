// y = max(x, 0), and the three rules that lead a gradient back through it.
//
// The mask keeps one bit an element, [x > 0], element i at bit i % 32 of word i / 32 (the unused
// bits of the last word are 0), so that y need not be kept: mask_words(count) words.
//   relu           y = max(x, 0) (NaN stays NaN), mask written unless null; x and y may be one
//   positive_mask  the mask of an array alone: after a convolution with a fused ReLU, [y > 0]
//   relu_backward  standard   d_x = d_y [x > 0]
//                  deconvnet  d_x = d_y [d_y > 0]           (mask unused, may be null)
//                  guided     d_x = d_y [x > 0] [d_y > 0]   d_y and d_x may be one
// A bracket that is 0 gives 0 whatever d_y is, NaN and infinity too. relu and relu_backward read
// and write each element once and the mask, 1/32 of a float an element.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {
enum class ReluRule : std::uint8_t { standard, deconvnet, guided };
constexpr std::int64_t mask_words(std::int64_t count) { return (count + 31) / 32; }
}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
template <class T>
void relu(const T* x, T* y, std::uint32_t* mask, std::int64_t count);
template <class T>
void positive_mask(const T* x, std::uint32_t* mask, std::int64_t count);
template <class T>
void relu_backward(const T* d_y, const std::uint32_t* mask, T* d_x, std::int64_t count,
                   ReluRule rule);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
template <class T>
void relu(Stream stream, const T* x, T* y, std::uint32_t* mask, std::int64_t count);
template <class T>
void positive_mask(Stream stream, const T* x, std::uint32_t* mask, std::int64_t count);
template <class T>
void relu_backward(Stream stream, const T* d_y, const std::uint32_t* mask, T* d_x,
                   std::int64_t count, ReluRule rule);
}  // namespace phosphene::kernels::cuda
