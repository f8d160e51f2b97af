#include "kernels/adam.cuh"

#include <cmath>

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void adam(Stream stream, float* x, const float* g, float* m, float* v, std::int32_t* t,
          std::int64_t count, AdamParams params) {
  if (count == 0) return;
  const AdamFactors factors{params.rate,
                            params.eps,
                            static_cast<float>(params.b1),
                            static_cast<float>(1 - params.b1),
                            static_cast<float>(std::log(params.b1)),
                            static_cast<float>(params.b2),
                            static_cast<float>(1 - params.b2),
                            static_cast<float>(std::log(params.b2))};
  launch("adam_count", adam_count_kernel, 1, 1, 0, stream, t);
  launch("adam", adam_kernel, blocks_for(count, kBlock), kBlock, 0, stream, x, g, m, v, t, count,
         factors);
}

}  // namespace phosphene::kernels::cuda
