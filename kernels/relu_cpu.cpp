#include "kernels/relu.hpp"

#include <algorithm>
#include <array>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

constexpr std::int64_t kWord = 32;  // elements to a mask word

// The bit of each element of a word. Read from a table because SSE2, unlike AVX2, cannot shift
// each lane of a vector by its own count.
constexpr std::array<std::uint32_t, kWord> kBit = [] {
  std::array<std::uint32_t, kWord> bit{};
  for (std::size_t i = 0; i < kWord; ++i) bit[i] = 1U << i;
  return bit;
}();

// [x > 0] of one whole word: a vectorised comparison into bytes, then eight bytes at a time are
// gathered into the top byte of a product.
template <class T>
std::uint32_t positive_word(const T* x) {
  std::uint8_t positive[kWord];
  for (std::int64_t i = 0; i < kWord; ++i) positive[i] = to_float(x[i]) > 0 ? 1 : 0;
  std::uint32_t word = 0;
  for (int byte = 0; byte < 4; ++byte) {
    std::uint64_t eight = 0;  // element i at bit 8 i, whatever the machine's byte order
    for (int i = 0; i < 8; ++i) {
      eight |= static_cast<std::uint64_t>(positive[8 * byte + i]) << (8 * i);
    }
    word |= static_cast<std::uint32_t>((eight * 0x0102040810204080U) >> 56) << (8 * byte);
  }
  return word;
}

template <class T>
std::uint32_t positive_word(const T* x, std::int64_t count) {
  std::uint32_t word = 0;
  for (std::int64_t i = 0; i < count; ++i) word |= to_float(x[i]) > 0 ? 1U << i : 0U;
  return word;
}

// Calls step(word, first element, elements) for every word of a mask over `count` elements.
template <class Step>
void each_word(std::int64_t count, Step step) {
  const std::int64_t words = mask_words(count);
#pragma omp parallel for schedule(static) if (count >= kParallelFrom)
  for (std::int64_t w = 0; w < words; ++w) {
    step(w, w * kWord, std::min(kWord, count - w * kWord));
  }
}

// d_x of one word; kRule is a constant so that each rule's loop is vectorised by itself.
template <ReluRule kRule, class T>
void backward(const T* d_y, const std::uint32_t* mask, T* d_x, std::int64_t count) {
  each_word(count, [=](std::int64_t w, std::int64_t first, std::int64_t size) {
    const std::uint32_t word = kRule == ReluRule::deconvnet ? ~0U : mask[w];
    const T* in = d_y + first;
    T* out = d_x + first;
#pragma omp simd
    for (std::int64_t i = 0; i < size; ++i) {
      const float g = to_float(in[i]);
      const bool active = (word & kBit[static_cast<std::size_t>(i)]) != 0;
      const bool positive = kRule == ReluRule::standard || g > 0;
      out[i] = from_float<T>(active && positive ? g : 0.0F);
    }
  });
}

}  // namespace

template <class T>
void relu(const T* x, T* y, std::uint32_t* mask, std::int64_t count) {
  each_word(count, [=](std::int64_t w, std::int64_t first, std::int64_t size) {
    if (mask) mask[w] = size == kWord ? positive_word(x + first) : positive_word(x + first, size);
#pragma omp simd
    for (std::int64_t i = first; i < first + size; ++i) {
      const float v = to_float(x[i]);
      y[i] = from_float<T>(v <= 0 ? 0.0F : v);  // a NaN is not <= 0
    }
  });
}
template void relu<float>(const float*, float*, std::uint32_t*, std::int64_t);
template void relu<bf16>(const bf16*, bf16*, std::uint32_t*, std::int64_t);

template <class T>
void positive_mask(const T* x, std::uint32_t* mask, std::int64_t count) {
  each_word(count, [=](std::int64_t w, std::int64_t first, std::int64_t size) {
    mask[w] = size == kWord ? positive_word(x + first) : positive_word(x + first, size);
  });
}
template void positive_mask<float>(const float*, std::uint32_t*, std::int64_t);
template void positive_mask<bf16>(const bf16*, std::uint32_t*, std::int64_t);

template <class T>
void relu_backward(const T* d_y, const std::uint32_t* mask, T* d_x, std::int64_t count,
                   ReluRule rule) {
  switch (rule) {
    case ReluRule::standard:
      return backward<ReluRule::standard>(d_y, mask, d_x, count);
    case ReluRule::deconvnet:
      return backward<ReluRule::deconvnet>(d_y, mask, d_x, count);
    case ReluRule::guided:
      return backward<ReluRule::guided>(d_y, mask, d_x, count);
  }
}
template void relu_backward<float>(const float*, const std::uint32_t*, float*, std::int64_t,
                                   ReluRule);
template void relu_backward<bf16>(const bf16*, const std::uint32_t*, bf16*, std::int64_t, ReluRule);

}  // namespace phosphene::kernels::cpu
