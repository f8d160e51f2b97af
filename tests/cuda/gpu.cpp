#include "tests/cuda/gpu.hpp"

#include <cuda_runtime_api.h>

#include "engine/core/backend.hpp"
#include "engine/ops/tensor_ops.hpp"

namespace phosphene::cuda {

void skip_without_gpu() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess || count == 0) {
    GTEST_SKIP() << "no CUDA device: cudaGetDeviceCount says '" << cudaGetErrorString(status)
                 << "' and " << count << " devices";
  }
}

reference::Values host_values(const Context& context, const Tensor& tensor) {
  return reference::read(ops::to_host(context, tensor));
}

Tensor noise(const Shape& shape, std::uint64_t seed, float low, float high) {
  Tensor tensor = Tensor::host(shape);
  reference::write(reference::Random(seed).values(shape.count(), low, high), tensor);
  return tensor;
}

std::vector<unsigned char> bytes_of(const Context& context, const Tensor& tensor) {
  std::vector<unsigned char> bytes(tensor.bytes());
  backend_of(context).copy(tensor.data<void>(), tensor.device(), bytes.data(), Device{},
                           bytes.size());
  return bytes;
}

}  // namespace phosphene::cuda
