#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "tests/kernels/device.hpp"

namespace phosphene::kernels::testing {
namespace {

constexpr std::size_t kGuard = 256;
constexpr unsigned char kGuardByte = 0xa5;

void check(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}

}  // namespace

void* device_allocate(std::size_t bytes) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, bytes + kGuard));
  check(cudaMemset(static_cast<char*>(memory) + bytes, kGuardByte, kGuard));
  return memory;
}

void device_release(void* memory, std::size_t bytes) {
  std::vector<unsigned char> guard(kGuard);
  EXPECT_EQ(
      cudaMemcpy(guard.data(), static_cast<char*>(memory) + bytes, kGuard, cudaMemcpyDeviceToHost),
      cudaSuccess);
  EXPECT_TRUE(
      std::all_of(guard.begin(), guard.end(), [](unsigned char b) { return b == kGuardByte; }))
      << "a kernel wrote past the end of a buffer of " << bytes << " bytes";
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
}

void copy_to_device(const void* host, void* device, std::size_t bytes) {
  check(cudaMemcpy(device, host, bytes, cudaMemcpyHostToDevice));
}
void copy_to_host(const void* device, void* host, std::size_t bytes) {
  check(cudaMemcpy(host, device, bytes, cudaMemcpyDeviceToHost));
}

void on_device(void (*body)()) {
  int devices = 0;
  const cudaError_t error = cudaGetDeviceCount(&devices);
  if (error != cudaSuccess || devices == 0) {
    GTEST_SKIP() << "no GPU: cudaGetDeviceCount says '" << cudaGetErrorString(error) << "' and "
                 << devices << " devices";
  }
  body();
}

}  // namespace phosphene::kernels::testing
