#include "kernels/fab_step.hpp"

#include <algorithm>

#include "kernels/cpu.hpp"
#include "kernels/fab_point.hpp"

namespace phosphene::kernels::cpu {
namespace {

template <bool kL2>
struct Plane {
  const float* w;
  const float* v;  // the point that is projected
  std::int64_t size;

  FabRoot root(float c) const {
    FabRoot root(c);
    for (int round = 0; round < kFabRounds && !root.found; ++round) {
      double ended = 0, slope = 0;
      for (std::int64_t i = 0; i < size; ++i) {
        const FabElement<kL2> e(w[i], v[i], root.positive());
        (e.ended(root.m) ? ended : slope) +=
            static_cast<double>(e.weight) * (e.ended(root.m) ? e.room : e.unit);
      }
      root.improve(static_cast<float>(ended), static_cast<float>(slope));
    }
    return root;
  }
  float length(const FabRoot& root) const {
    double squares = 0;
    float most = 0;
    for (std::int64_t i = 0; i < size; ++i) {
      const float d = FabElement<kL2>(w[i], v[i], root.positive()).length(root.m);
      squares += static_cast<double>(d) * d;
      most = std::max(most, d);
    }
    return kL2 ? std::sqrt(static_cast<float>(squares)) : most;
  }
};

template <bool kL2>
void step(float* x, const float* x0, const float* w, float f, FabFactors factors,
          std::int64_t size) {
  double between = 0;
  for (std::int64_t i = 0; i < size; ++i) between += static_cast<double>(w[i]) * (x0[i] - x[i]);
  const Plane<kL2> plane{w, x, size}, plane0{w, x0, size};
  const FabRoot at_x = plane.root(f), at_x0 = plane0.root(f + static_cast<float>(between));
  const float alpha = fab_alpha(plane.length(at_x), plane0.length(at_x0), factors.alpha_max);
  for (std::int64_t i = 0; i < size; ++i) {
    x[i] = fab_point<kL2>(x[i], x0[i], w[i], at_x, at_x0, alpha, factors.eta);
  }
}

}  // namespace

void fab_step(float* x, const float* x0, const float* w, const float* f, const FabMove* moves,
              FabFactors factors, bool l2, std::int64_t images, std::int64_t size) {
#pragma omp parallel for if (images * size > kParallelFrom)
  for (std::int64_t n = 0; n < images; ++n) {
    float* const at = x + n * size;
    const float* const clean = x0 + n * size;
    if (moves[n] == FabMove::step) {
      (l2 ? step<true> : step<false>)(at, clean, w + n * size, f[n], factors, size);
    } else if (moves[n] == FabMove::back) {
      for (std::int64_t i = 0; i < size; ++i) at[i] = clean[i] + (at[i] - clean[i]) * factors.beta;
    }
  }
}

}  // namespace phosphene::kernels::cpu
