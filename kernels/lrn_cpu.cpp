#include "kernels/lrn.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

// out[c] = the sum of term(c') over the channels c' within `reach` of c.
template <class Term, class Use>
void sum_around(std::int64_t channels, std::int64_t reach, Term term, Use use) {
  for (std::int64_t c = 0; c < channels; ++c) {
    float sum = 0;
    const std::int64_t last = std::min(c + reach, channels - 1);
    for (std::int64_t near = std::max<std::int64_t>(c - reach, 0); near <= last; ++near) {
      sum += term(near);
    }
    use(c, sum);
  }
}

}  // namespace

template <class T>
void lrn(const T* x, T* y, Maps maps, LrnParams params) {
  const std::int64_t pixels = maps.n * maps.h * maps.w;
  const float factor = params.alpha / static_cast<float>(params.size);
#pragma omp parallel for if (maps.count() > kParallelFrom)
  for (std::int64_t p = 0; p < pixels; ++p) {
    const T* in = x + p * maps.c;
    T* out = y + p * maps.c;
    sum_around(
        maps.c, params.size / 2, [&](std::int64_t c) { return to_float(in[c]) * to_float(in[c]); },
        [&](std::int64_t c, float squares) {
          const float s = params.k + factor * squares;
          out[c] = from_float<T>(to_float(in[c]) * std::pow(s, -params.beta));
        });
  }
}

template <class T>
void lrn_backward(const T* d_y, const T* x, T* d_x, Maps maps, LrnParams params) {
  const std::int64_t pixels = maps.n * maps.h * maps.w, reach = params.size / 2;
  const float factor = params.alpha / static_cast<float>(params.size);
#pragma omp parallel if (maps.count() > kParallelFrom)
  {
    std::vector<float> direct(static_cast<std::size_t>(maps.c));   // d_y s^-beta
    std::vector<float> through(static_cast<std::size_t>(maps.c));  // d_y x s^(-beta - 1)
#pragma omp for
    for (std::int64_t p = 0; p < pixels; ++p) {
      const T* in = x + p * maps.c;
      const T* d_out = d_y + p * maps.c;
      sum_around(
          maps.c, reach, [&](std::int64_t c) { return to_float(in[c]) * to_float(in[c]); },
          [&](std::int64_t c, float squares) {
            const auto at = static_cast<std::size_t>(c);
            const float s = params.k + factor * squares;
            direct[at] = to_float(d_out[c]) * std::pow(s, -params.beta);
            through[at] = direct[at] * to_float(in[c]) / s;
          });
      sum_around(
          maps.c, reach, [&](std::int64_t c) { return through[static_cast<std::size_t>(c)]; },
          [&](std::int64_t c, float sum) {
            d_x[p * maps.c + c] = from_float<T>(direct[static_cast<std::size_t>(c)] -
                                                2 * factor * params.beta * to_float(in[c]) * sum);
          });
    }
  }
}

template void lrn(const float*, float*, Maps, LrnParams);
template void lrn(const bf16*, bf16*, Maps, LrnParams);
template void lrn_backward(const float*, const float*, float*, Maps, LrnParams);
template void lrn_backward(const bf16*, const bf16*, bf16*, Maps, LrnParams);

}  // namespace phosphene::kernels::cpu
