#include "kernels/activation.hpp"

#include <cmath>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

template <class Step>
void each(std::int64_t count, Step step) {
#pragma omp parallel for schedule(static) if (count >= kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i) step(i);
}

}  // namespace

template <class T>
void leaky_relu(const T* x, T* y, std::int64_t count, float slope) {
  each(count, [=](std::int64_t i) {
    const float v = to_float(x[i]);
    y[i] = from_float<T>(v > 0 ? v : slope * v);
  });
}

template <class T>
void leaky_relu_backward(const T* d_y, const T* y, T* d_x, std::int64_t count, float slope) {
  each(count, [=](std::int64_t i) {
    const float g = to_float(d_y[i]);
    d_x[i] = from_float<T>(to_float(y[i]) > 0 ? g : slope * g);
  });
}

template <class T>
void elu(const T* x, T* y, std::int64_t count, float alpha) {
  each(count, [=](std::int64_t i) {
    const float v = to_float(x[i]);
    y[i] = from_float<T>(v > 0 ? v : alpha * std::expm1(v));  // e^v - 1 without cancellation
  });
}

template <class T>
void elu_backward(const T* d_y, const T* y, T* d_x, std::int64_t count, float alpha) {
  each(count, [=](std::int64_t i) {
    const float g = to_float(d_y[i]), v = to_float(y[i]);
    d_x[i] = from_float<T>(v > 0 ? g : g * (v + alpha));
  });
}

template void leaky_relu<float>(const float*, float*, std::int64_t, float);
template void leaky_relu<bf16>(const bf16*, bf16*, std::int64_t, float);
template void leaky_relu_backward<float>(const float*, const float*, float*, std::int64_t, float);
template void leaky_relu_backward<bf16>(const bf16*, const bf16*, bf16*, std::int64_t, float);
template void elu<float>(const float*, float*, std::int64_t, float);
template void elu<bf16>(const bf16*, bf16*, std::int64_t, float);
template void elu_backward<float>(const float*, const float*, float*, std::int64_t, float);
template void elu_backward<bf16>(const bf16*, const bf16*, bf16*, std::int64_t, float);

}  // namespace phosphene::kernels::cpu
