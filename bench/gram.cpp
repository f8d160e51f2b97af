// The Gram kernels beside cuBLAS on the feature maps of VGG-19's style layers at 512 px. Needs a
// GPU. Each line tells the useful multiply-adds a second: c (c + 1) / 2 pixels of them forward,
// since G is symmetric, and c c pixels back, for cuBLAS as for us.
#include <benchmark/benchmark.h>
#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include <cstdio>
#include <functional>
#include <stdexcept>
#include <vector>

#include "kernels/gram.hpp"
#include "kernels/normal_noise.hpp"
#include "kernels/vector.hpp"

namespace {

namespace k = phosphene::kernels;

struct Maps {
  std::int64_t c, pixels;
};
constexpr Maps kStyleLayers[] = {
    {64, 512 * 512}, {128, 256 * 256}, {256, 128 * 128}, {512, 64 * 64}, {512, 32 * 32}};

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

class Buffer {
 public:
  explicit Buffer(std::size_t bytes) {
    check(cudaMalloc(&data_, bytes) == cudaSuccess, "cudaMalloc");
    check(cudaMemset(data_, 0, bytes) == cudaSuccess, "cudaMemset");
  }
  ~Buffer() { cudaFree(data_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  void* data_ = nullptr;
};

/// Noise: a GPU multiplies zeros faster than other numbers.
void make_noise(float* x, std::int64_t count) {
  k::cuda::add_normal_noise(nullptr, x, x, count, 1.0F, {.seed = 1});
}
void make_noise(k::bf16* x, std::int64_t count) {
  const Buffer wide(sizeof(float) * static_cast<std::size_t>(count));
  make_noise(wide.as<float>(), count);
  k::cuda::convert(nullptr, wide.as<float>(), x, count);
  check(cudaDeviceSynchronize() == cudaSuccess, "the noise");
}

template <class T>
constexpr cudaDataType kType = CUDA_R_32F;
template <>
constexpr cudaDataType kType<k::bf16> = CUDA_R_16BF;

/// What the benchmarks of one shape and type share.
template <class T>
struct Case {
  explicit Case(Maps maps)
      : m(maps),
        f(sizeof(T) * static_cast<std::size_t>(m.c * m.pixels)),
        d_f(sizeof(T) * static_cast<std::size_t>(m.c * m.pixels)),
        g(sizeof(float) * static_cast<std::size_t>(m.c * m.c)),
        d(sizeof(T) * static_cast<std::size_t>(m.c * m.c)),
        scratch(sizeof(float) * static_cast<std::size_t>(k::gram_scratch(m.pixels, m.c))) {
    check(cublasCreate(&blas) == CUBLAS_STATUS_SUCCESS, "cublasCreate");
    make_noise(f.as<T>(), m.c * m.pixels);
    make_noise(d.as<T>(), m.c * m.c);
    make_noise(g.as<float>(), m.c * m.c);
  }
  ~Case() { cublasDestroy(blas); }
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;

  void ours() {
    k::cuda::gram(nullptr, f.as<T>(), m.pixels, m.c, scratch.as<float>(), g.as<float>());
  }
  void ours_backward() {
    k::cuda::gram_backward(nullptr, f.as<T>(), g.as<float>(), m.pixels, m.c, 1.0F, d_f.as<T>());
  }
  // Column-major, F is c x pixels.
  void theirs() {
    gemm(CUBLAS_OP_N, CUBLAS_OP_T, m.c, m.c, m.pixels, f.as<T>(), f.as<T>(), 0, g.as<float>(),
         CUDA_R_32F);
  }
  void theirs_backward() {
    gemm(CUBLAS_OP_N, CUBLAS_OP_N, m.c, m.pixels, m.c, d.as<T>(), f.as<T>(), 1, d_f.as<T>(),
         kType<T>);
  }

  Maps m;
  Buffer f, d_f, g, d, scratch;
  cublasHandle_t blas = nullptr;

 private:
  void gemm(cublasOperation_t a_op, cublasOperation_t b_op, std::int64_t rows, std::int64_t columns,
            std::int64_t depth, const T* a, const T* b, float beta, void* out,
            cudaDataType out_type) {
    const float one = 1;
    const auto width = static_cast<int>(m.c);
    check(cublasGemmEx(blas, a_op, b_op, static_cast<int>(rows), static_cast<int>(columns),
                       static_cast<int>(depth), &one, a, kType<T>, width, b, kType<T>, width, &beta,
                       out, out_type, width, CUBLAS_COMPUTE_32F,
                       CUBLAS_GEMM_DEFAULT) == CUBLAS_STATUS_SUCCESS,
          "cublasGemmEx");
  }
};

/// Times `work` on the GPU, ten at a time so that a launch does not count.
template <class T>
void run(benchmark::State& state, Maps maps, void (Case<T>::*work)(), double products) {
  constexpr int kAtOnce = 10;
  Case<T> c(maps);
  cudaEvent_t start, stop;
  cudaEventCreate(&start);
  cudaEventCreate(&stop);
  (c.*work)();
  for (auto _ : state) {
    cudaEventRecord(start);
    for (int i = 0; i < kAtOnce; ++i) (c.*work)();
    cudaEventRecord(stop);
    check(cudaEventSynchronize(stop) == cudaSuccess, "the kernel failed");
    float milliseconds = 0;
    cudaEventElapsedTime(&milliseconds, start, stop);
    state.SetIterationTime(milliseconds * 1e-3 / kAtOnce);
  }
  cudaEventDestroy(start);
  cudaEventDestroy(stop);
  state.counters["multiply-adds/s"] = benchmark::Counter(
      products * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

template <class T>
void register_type(const std::string& type) {
  for (const Maps& m : kStyleLayers) {
    const std::string shape = type + "/" + std::to_string(m.c) + "x" + std::to_string(m.pixels);
    const auto c = static_cast<double>(m.c), pixels = static_cast<double>(m.pixels);
    const double forward = c * (c + 1) / 2 * pixels, backward = c * c * pixels;
    const auto add = [&](const std::string& name, void (Case<T>::*work)(), double products) {
      benchmark::RegisterBenchmark((name + shape).c_str(), run<T>, m, work, products)
          ->Unit(benchmark::kMicrosecond)
          ->UseManualTime();
    };
    add("gram/ours/", &Case<T>::ours, forward);
    add("gram/cublas/", &Case<T>::theirs, forward);
    add("gram_backward/ours/", &Case<T>::ours_backward, backward);
    add("gram_backward/cublas/", &Case<T>::theirs_backward, backward);
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  int gpus = 0;
  if (cudaGetDeviceCount(&gpus) != cudaSuccess || gpus == 0) {
    std::fputs("bench_gram: needs a GPU, and there is none\n", stderr);
    return 1;
  }
  register_type<float>("fp32/");
  register_type<k::bf16>("bf16/");
  benchmark::RunSpecifiedBenchmarks();
}
