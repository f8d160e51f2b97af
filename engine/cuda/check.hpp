// Turns the status codes of the CUDA runtime, cuBLAS and cuDNN into Errors of one line.
#pragma once
#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include <algorithm>
#include <array>
#include <string>

#include "phosphene/error.hpp"

namespace phosphene::cuda {

inline void check(cudaError_t status, const std::string& what) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // not to be found by the next kernel's check
  throw Error(what + ": " + cudaGetErrorString(status));
}

inline void check(cublasStatus_t status, const std::string& what) {
  if (status != CUBLAS_STATUS_SUCCESS) throw Error(what + ": " + cublasGetStatusString(status));
}

/// What cuDNN said about its last failure on this thread, on one line.
inline std::string cudnn_reason(cudnnStatus_t status) {
  std::array<char, 1024> text{};
  cudnnGetLastErrorString(text.data(), text.size());
  std::string reason = std::string(cudnnGetErrorString(status)) + " (" + text.data() + ")";
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  return reason;
}

inline void check(cudnnStatus_t status, const std::string& what) {
  if (status != CUDNN_STATUS_SUCCESS) throw Error(what + ": " + cudnn_reason(status));
}

}  // namespace phosphene::cuda
