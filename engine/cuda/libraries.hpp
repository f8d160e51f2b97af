// cuDNN and cuBLAS on one stream, and the plans already made there: shared by all sessions of a
// context.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "engine/cuda/cudnn_graph.hpp"

namespace phosphene::cuda {

class Libraries {
 public:
  /// On the current device.
  explicit Libraries(cudaStream_t stream);
  ~Libraries();
  Libraries(const Libraries&) = delete;
  Libraries& operator=(const Libraries&) = delete;

  cudnnHandle_t dnn() const { return dnn_; }
  cublasHandle_t blas() const { return blas_; }
  cudaStream_t stream() const { return stream_; }

  /// The plan for `problem`, or null where no engine takes it. With `tune` the candidates are
  /// timed, which allocates for the time being and waits, and may choose a nondeterministic one.
  std::shared_ptr<const ConvPlan> plan(const ConvProblem& problem, bool tune);

 private:
  cudaStream_t stream_;
  cudnnHandle_t dnn_ = nullptr;
  cublasHandle_t blas_ = nullptr;
  void* blas_workspace_ = nullptr;
  // A handle belongs to one device and one version of the library: both are implied in the key.
  std::map<std::string, std::shared_ptr<const ConvPlan>> plans_;
};

}  // namespace phosphene::cuda
