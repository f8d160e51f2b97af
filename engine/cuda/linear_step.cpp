#include "engine/cuda/step.hpp"
#include "engine/cuda/step_arrays.hpp"
#include "engine/session/call_step.hpp"
#include "kernels/bias.hpp"

namespace phosphene::cuda {
namespace {

cublasComputeType_t compute_type(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return CUBLAS_COMPUTE_32F_PEDANTIC;
    case Precision::tf32:
      return CUBLAS_COMPUTE_32F_FAST_TF32;
    case Precision::bf16:
      return CUBLAS_COMPUTE_32F;
  }
  throw Error("unknown precision");
}

/// Products of a batch of feature vectors with W, [out, in]. cuBLAS counts in columns, so that a
/// row-major [n, k] is its k x n: y^T = W x^T, and back, d_x^T = W^T d_y^T.
struct Product {
  cublasHandle_t blas;
  cublasComputeType_t compute;
  cudaDataType_t type;
  const void* weight;
  std::int64_t batch, in, out;

  void forward(const void* x, void* y) const { run(CUBLAS_OP_T, out, in, x, y); }
  void backward(const void* d_y, void* d_x) const { run(CUBLAS_OP_N, in, out, d_y, d_x); }

 private:
  void run(cublasOperation_t op, std::int64_t rows, std::int64_t summed, const void* from,
           void* to) const {
    const float one = 1, zero = 0;
    check(cublasGemmEx_64(blas, op, CUBLAS_OP_N, rows, batch, summed, &one, weight, type, in, from,
                          type, summed, &zero, to, type, rows, compute, CUBLAS_GEMM_DEFAULT),
          "cublasGemmEx");
  }
};

template <class T>
std::unique_ptr<Step> linear_step(const StepEnvironment& environment, const StepSpec& spec) {
  StepArrays arrays(environment, spec);
  const Product product{environment.libraries.blas(),
                        compute_type(environment.context.precision()),
                        sizeof(T) == 2 ? CUDA_R_16BF : CUDA_R_32F,
                        arrays.matrix().template data<void>(),
                        spec.output.n,
                        spec.inputs[0].c,
                        spec.output.c};
  const float* bias = arrays.bias(DType::f32).data();
  const kernels::Maps maps = maps_of(spec.output);
  const kernels::Stream stream = environment.libraries.stream();
  return std::make_unique<CallStep>(
      Step::Needs{},
      [=](const StepBuffers& b) {
        product.forward(b.x[0], b.y);
        kernels::cuda::bias<T>(stream, static_cast<T*>(b.y), bias, nullptr, maps, false);
      },
      [=](const StepBuffers& b, ReluRule) { product.backward(b.d_y, b.d_x[0]); });
}

}  // namespace

std::unique_ptr<Step> make_linear_step(const StepEnvironment& environment, const StepSpec& spec) {
  return environment.context.storage() == DType::bf16
             ? linear_step<kernels::bf16>(environment, spec)
             : linear_step<float>(environment, spec);
}

}  // namespace phosphene::cuda
