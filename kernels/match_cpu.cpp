#include "kernels/match.hpp"

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

template <class T>
void match(const T* x, const T* target, float s, T* d_x, std::int64_t count, float* scratch,
           float* loss) {
  const float sum =
      blocked_sum(count, kSumGrain, scratch, [=](std::int64_t first, std::int64_t last) {
        double squares = 0;
#pragma omp simd reduction(+ : squares)
        for (std::int64_t i = first; i < last; ++i) {
          const float difference = to_float(x[i]) - to_float(target[i]);
          squares += static_cast<double>(difference) * difference;
          if (d_x) d_x[i] = from_float<T>(to_float(d_x[i]) + 2 * s * difference);
        }
        return squares;
      });
  *loss += s * sum;
}
template void match<float>(const float*, const float*, float, float*, std::int64_t, float*, float*);
template void match<bf16>(const bf16*, const bf16*, float, bf16*, std::int64_t, float*, float*);

}  // namespace phosphene::kernels::cpu
