#include "kernels/vector.hpp"

#include "kernels/elementwise.hpp"

namespace phosphene::kernels::cuda {
namespace {

struct Fill {
  float value;
  __device__ float operator()() const { return value; }
};
struct Add {
  __device__ float operator()(float y, float x) const { return y + x; }
};
struct Axpy {
  float a;
  __device__ float operator()(float y, float x) const { return y + a * x; }
};
struct Multiply {
  __device__ float operator()(float y, float x) const { return y * x; }
};
struct Scale {
  float a;
  __device__ float operator()(float x) const { return a * x; }
};
struct Clamp {
  float low, high;
  __device__ float operator()(float x) const {
    const float raised = x < low ? low : x;  // a NaN fails both comparisons and stays
    return raised > high ? high : raised;
  }
};
struct Same {
  __device__ float operator()(float x) const { return x; }
};

}  // namespace

void fill(Stream stream, float* y, float value, std::int64_t count) {
  elementwise("fill", stream, count, Fill{value}, y);
}

template <class T>
void add(Stream stream, const T* x, T* y, std::int64_t count) {
  elementwise("add", stream, count, Add{}, y, y, x);
}
template void add<float>(Stream, const float*, float*, std::int64_t);
template void add<bf16>(Stream, const bf16*, bf16*, std::int64_t);

void axpy(Stream stream, float a, const float* x, float* y, std::int64_t count) {
  elementwise("axpy", stream, count, Axpy{a}, y, y, x);
}

void multiply(Stream stream, const float* x, float* y, std::int64_t count) {
  elementwise("multiply", stream, count, Multiply{}, y, y, x);
}

void scale(Stream stream, float a, const float* x, float* y, std::int64_t count) {
  elementwise("scale", stream, count, Scale{a}, y, x);
}

void clamp(Stream stream, const float* x, float* y, float low, float high, std::int64_t count) {
  elementwise("clamp", stream, count, Clamp{low, high}, y, x);
}

void convert(Stream stream, const bf16* x, float* y, std::int64_t count) {
  elementwise("convert", stream, count, Same{}, y, x);
}

void convert(Stream stream, const float* x, bf16* y, std::int64_t count) {
  elementwise("convert", stream, count, Same{}, y, x);
}

}  // namespace phosphene::kernels::cuda
