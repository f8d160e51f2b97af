#include "kernels/activation.hpp"

#include "kernels/elementwise.hpp"

namespace phosphene::kernels::cuda {
namespace {

struct LeakyRelu {
  float slope;
  __device__ float operator()(float x) const { return x > 0 ? x : slope * x; }
};
struct LeakyReluBackward {
  float slope;
  __device__ float operator()(float d_y, float y) const { return y > 0 ? d_y : slope * d_y; }
};
struct Elu {
  float alpha;
  __device__ float operator()(float x) const { return x > 0 ? x : alpha * expm1f(x); }
};
struct EluBackward {
  float alpha;
  __device__ float operator()(float d_y, float y) const { return y > 0 ? d_y : d_y * (y + alpha); }
};

}  // namespace

template <class T>
void leaky_relu(Stream stream, const T* x, T* y, std::int64_t count, float slope) {
  elementwise("leaky_relu", stream, count, LeakyRelu{slope}, y, x);
}

template <class T>
void leaky_relu_backward(Stream stream, const T* d_y, const T* y, T* d_x, std::int64_t count,
                         float slope) {
  elementwise("leaky_relu_backward", stream, count, LeakyReluBackward{slope}, d_x, d_y, y);
}

template <class T>
void elu(Stream stream, const T* x, T* y, std::int64_t count, float alpha) {
  elementwise("elu", stream, count, Elu{alpha}, y, x);
}

template <class T>
void elu_backward(Stream stream, const T* d_y, const T* y, T* d_x, std::int64_t count,
                  float alpha) {
  elementwise("elu_backward", stream, count, EluBackward{alpha}, d_x, d_y, y);
}

template void leaky_relu<float>(Stream, const float*, float*, std::int64_t, float);
template void leaky_relu<bf16>(Stream, const bf16*, bf16*, std::int64_t, float);
template void leaky_relu_backward<float>(Stream, const float*, const float*, float*, std::int64_t,
                                         float);
template void leaky_relu_backward<bf16>(Stream, const bf16*, const bf16*, bf16*, std::int64_t,
                                        float);
template void elu<float>(Stream, const float*, float*, std::int64_t, float);
template void elu<bf16>(Stream, const bf16*, bf16*, std::int64_t, float);
template void elu_backward<float>(Stream, const float*, const float*, float*, std::int64_t, float);
template void elu_backward<bf16>(Stream, const bf16*, const bf16*, bf16*, std::int64_t, float);

}  // namespace phosphene::kernels::cuda
