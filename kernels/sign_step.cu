#include "kernels/sign_step.cuh"

#include "kernels/elementwise.hpp"

namespace phosphene::kernels::cuda {

void sign_step(Stream stream, float* x, const float* x0, const float* g, float alpha, float epsilon,
               std::int64_t count) {
  elementwise("sign_step", stream, count, SignStep{alpha, epsilon}, x, x, x0, g);
}

}  // namespace phosphene::kernels::cuda
