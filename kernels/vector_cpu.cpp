#include "kernels/vector.hpp"

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

template <class Step>
void each(std::int64_t count, Step step) {
#pragma omp parallel for simd schedule(static) if (count >= kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i) step(i);
}

}  // namespace

void fill(float* y, float value, std::int64_t count) {
  each(count, [=](std::int64_t i) { y[i] = value; });
}

template <class T>
void add(const T* x, T* y, std::int64_t count) {
  each(count, [=](std::int64_t i) { y[i] = from_float<T>(to_float(y[i]) + to_float(x[i])); });
}
template void add<float>(const float*, float*, std::int64_t);
template void add<bf16>(const bf16*, bf16*, std::int64_t);

void axpy(float a, const float* x, float* y, std::int64_t count) {
  each(count, [=](std::int64_t i) { y[i] += a * x[i]; });
}

void multiply(const float* x, float* y, std::int64_t count) {
  each(count, [=](std::int64_t i) { y[i] *= x[i]; });
}

void scale(float a, const float* x, float* y, std::int64_t count) {
  each(count, [=](std::int64_t i) { y[i] = a * x[i]; });
}

void clamp(const float* x, float* y, float low, float high, std::int64_t count) {
  each(count, [=](std::int64_t i) {
    const float raised = x[i] < low ? low : x[i];  // a NaN fails both comparisons and stays
    y[i] = raised > high ? high : raised;
  });
}

void convert(const bf16* x, float* y, std::int64_t count) {
  each(count, [=](std::int64_t i) { y[i] = to_float(x[i]); });
}

void convert(const float* x, bf16* y, std::int64_t count) {
  each(count, [=](std::int64_t i) { y[i] = from_float<bf16>(x[i]); });
}

}  // namespace phosphene::kernels::cpu
