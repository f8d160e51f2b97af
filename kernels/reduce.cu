#include "kernels/reduce.hpp"

#include "kernels/sum.hpp"

namespace phosphene::kernels::cuda {
namespace {

constexpr int kWidth = 4;

struct Product {
  const float* x;
  const float* y;
  template <int kTerms>
  __device__ float sum(std::int64_t pack) const {
    const auto a = load_terms<kTerms>(x, pack), b = load_terms<kTerms>(y, pack);
    float total = 0;
#pragma unroll
    for (int k = 0; k < kTerms; ++k) total += a.v[k] * b.v[k];
    return total;
  }
};

struct Magnitude {
  const float* x;
  template <int kTerms>
  __device__ float sum(std::int64_t pack) const {
    const auto a = load_terms<kTerms>(x, pack);
    float total = 0;
#pragma unroll
    for (int k = 0; k < kTerms; ++k) total += fabsf(a.v[k]);
    return total;
  }
};

}  // namespace

void dot(Stream stream, const float* x, const float* y, std::int64_t count, float* scratch,
         float* result) {
  sum<kWidth, false>("dot", stream, count, Product{x, y}, aligned_to_pack(x, y), scratch, 1.0F,
                     result);
}

void abs_sum(Stream stream, const float* x, std::int64_t count, float* scratch, float* result) {
  sum<kWidth, false>("abs_sum", stream, count, Magnitude{x}, aligned_to_pack(x), scratch, 1.0F,
                     result);
}

}  // namespace phosphene::kernels::cuda
