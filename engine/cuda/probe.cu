#include "engine/cuda/probe.hpp"

namespace phosphene::cuda {
namespace {

__global__ void probe_kernel(int* answer) { *answer = 1; }

}  // namespace

cudaError_t probe_code() {
  cudaFuncAttributes attributes;
  return cudaFuncGetAttributes(&attributes, probe_kernel);
}

}  // namespace phosphene::cuda
