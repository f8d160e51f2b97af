#include "kernels/quantise.hpp"

#include "kernels/elementwise.hpp"

namespace phosphene::kernels::cuda {
namespace {

struct Quantise {
  float levels;
  __device__ float operator()(float x) const {
    const float v = x < 0 ? 0 : x > 1 ? 1 : x;
    return rintf(v * levels) / levels;
  }
};

}  // namespace

void quantise(Stream stream, const float* x, float levels, float* y, std::int64_t count) {
  elementwise("quantise", stream, count, Quantise{levels}, y, x);
}

}  // namespace phosphene::kernels::cuda
