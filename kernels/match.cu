#include "kernels/match.hpp"

#include "kernels/sum.hpp"

namespace phosphene::kernels::cuda {
namespace {

template <class T>
struct SquaredDifference {
  const T* x;
  const T* target;
  T* d_x;  // may be null
  float slope;
  template <int kTerms>
  __device__ float sum(std::int64_t pack) const {
    const auto a = load_terms<kTerms>(x, pack), b = load_terms<kTerms>(target, pack);
    float difference[kTerms];
    float total = 0;
#pragma unroll
    for (int k = 0; k < kTerms; ++k) {
      difference[k] = to_float(a.v[k]) - to_float(b.v[k]);
      total += difference[k] * difference[k];
    }
    if (d_x) {
      auto d = load_terms<kTerms>(d_x, pack);
#pragma unroll
      for (int k = 0; k < kTerms; ++k) {
        d.v[k] = from_float<T>(to_float(d.v[k]) + slope * difference[k]);
      }
      if constexpr (kTerms > 1) {
        store_pack<T, kTerms>(d_x, pack, d);
      } else {
        d_x[pack] = d.v[0];
      }
    }
    return total;
  }
};

}  // namespace

template <class T>
void match(Stream stream, const T* x, const T* target, float s, T* d_x, std::int64_t count,
           float* scratch, float* loss) {
  if (count == 0) return;
  constexpr int kWidth = 16 / static_cast<int>(sizeof(T));
  sum<kWidth, true>("match", stream, count, SquaredDifference<T>{x, target, d_x, 2 * s},
                    aligned_to_pack(x, target, d_x), scratch, s, loss);
}
template void match<float>(Stream, const float*, const float*, float, float*, std::int64_t, float*,
                           float*);
template void match<bf16>(Stream, const bf16*, const bf16*, float, bf16*, std::int64_t, float*,
                          float*);

}  // namespace phosphene::kernels::cuda
