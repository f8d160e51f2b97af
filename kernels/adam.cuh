// One thread an element: seven streams of a float each keep enough loads in flight without packs.
// The count goes up in a kernel of its own, by one thread, so that the update's blocks all read
// the same t whatever their order. 1 - b^t = -expm1(t log b) keeps its digits where b^t is near 1,
// with log b from the host in double.
#pragma once
#include "kernels/adam.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

/// The constants of a run, rounded once.
struct AdamFactors {
  float rate, eps, keep_m, take_m, log_b1, keep_v, take_v, log_b2;
};

__global__ void adam_count_kernel(std::int32_t* t) { *t += 1; }

__global__ void adam_kernel(float* x, const float* g, float* m, float* v, const std::int32_t* t,
                            std::int64_t count, AdamFactors f) {
  const auto step = static_cast<float>(*t);
  const float rate = f.rate / -expm1f(step * f.log_b1);
  const float root = 1.0F / sqrtf(-expm1f(step * f.log_b2));
  for (std::int64_t i = grid_thread(); i < count; i += grid_threads()) {
    const float new_m = f.keep_m * m[i] + f.take_m * g[i];
    const float new_v = f.keep_v * v[i] + f.take_v * g[i] * g[i];
    m[i] = new_m;
    v[i] = new_v;
    x[i] -= rate * new_m / (sqrtf(new_v) * root + f.eps);
  }
}

}  // namespace phosphene::kernels::cuda
