#include "kernels/image_sums.hpp"

#include <cmath>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

/// result[i] = finish(sum over the image of term(index of the element))
template <class Term, class Finish>
void image_sums(std::int64_t n, std::int64_t count, float* result, Term term, Finish finish) {
#pragma omp parallel for if (n * count > kParallelFrom)
  for (std::int64_t i = 0; i < n; ++i) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t k = i * count; k < (i + 1) * count; ++k) sum += term(k);
    result[i] = static_cast<float>(finish(sum));
  }
}

template <class Difference>
void norms(Difference d, ImageNorm norm, std::int64_t n, std::int64_t count, float* result) {
  const auto same = [](double sum) { return sum; };
  switch (norm) {
    case ImageNorm::l1:
      return image_sums(
          n, count, result, [=](std::int64_t k) { return std::fabs(double{d(k)}); }, same);
    case ImageNorm::l2:
      return image_sums(
          n, count, result, [=](std::int64_t k) { return double{d(k)} * double{d(k)}; },
          [](double sum) { return std::sqrt(sum); });
    case ImageNorm::linf:
      break;
  }
#pragma omp parallel for if (n * count > kParallelFrom)
  for (std::int64_t i = 0; i < n; ++i) {
    float largest = 0;
    for (std::int64_t k = i * count; k < (i + 1) * count; ++k) {
      const float v = std::fabs(d(k));
      if (v > largest || std::isnan(v)) largest = v;
      if (std::isnan(v)) break;
    }
    result[i] = largest;
  }
}

}  // namespace

void image_norms(const float* x, const float* y, ImageNorm norm, std::int64_t n, std::int64_t count,
                 float* result) {
  if (y == nullptr) {
    norms([=](std::int64_t k) { return x[k]; }, norm, n, count, result);
  } else {
    norms([=](std::int64_t k) { return x[k] - y[k]; }, norm, n, count, result);
  }
}

void image_dots(const float* x, const float* y, std::int64_t n, std::int64_t count, float* result) {
  image_sums(
      n, count, result, [=](std::int64_t k) { return double{x[k]} * double{y[k]}; },
      [](double sum) { return sum; });
}

}  // namespace phosphene::kernels::cpu
