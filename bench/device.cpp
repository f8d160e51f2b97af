// The GPU as the CUDA runtime, cuDNN and cuBLAS see it, for scripts/gpu_check.sh: one JSON object,
// in it what cuDNN knows of the device, in the form that tests/cuda/device_properties.hpp imitates.
//   bench_device [INDEX]
#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn.h>

#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace {

using Json = nlohmann::ordered_json;

void check(cudaError_t status, const char* what) {
  if (status != cudaSuccess) {
    throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status));
  }
}
void check(cudnnStatus_t status, const char* what) {
  if (status != CUDNN_STATUS_SUCCESS) {
    throw std::runtime_error(std::string(what) + ": " + cudnnGetErrorString(status));
  }
}

std::string version(std::size_t number, std::size_t major) {
  return std::to_string(number / major) + "." + std::to_string(number % major / (major / 100));
}

/// CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION of the device.
Json cudnn_properties(int index) {
  cudnnBackendDescriptor_t properties = nullptr;
  check(cudnnBackendCreateDescriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &properties),
        "cuDNN's descriptor");
  const std::int32_t device = index;
  check(cudnnBackendSetAttribute(properties, CUDNN_ATTR_DEVICEPROP_DEVICE_ID, CUDNN_TYPE_INT32, 1,
                                 &device),
        "cuDNN's device");
  check(cudnnBackendFinalize(properties), "cuDNN's device properties");
  std::int64_t size = 0;
  check(cudnnBackendGetAttribute(properties, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION,
                                 CUDNN_TYPE_CHAR, 0, &size, nullptr),
        "the size of cuDNN's device properties");
  std::string text(static_cast<std::size_t>(size), '\0');
  check(cudnnBackendGetAttribute(properties, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION,
                                 CUDNN_TYPE_CHAR, size, &size, text.data()),
        "cuDNN's device properties");
  cudnnBackendDestroyDescriptor(properties);
  return Json::parse(text.c_str());  // which may end in zeros
}

Json describe(int index) {
  check(cudaSetDevice(index), "cudaSetDevice");
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
  int runtime = 0, driver = 0, part[3] = {};
  check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  check(cudaFree(nullptr), "the device's context");  // a device that only lists itself fails here
  cublasGetProperty(MAJOR_VERSION, &part[0]);
  cublasGetProperty(MINOR_VERSION, &part[1]);
  cublasGetProperty(PATCH_LEVEL, &part[2]);
  const std::size_t cudnn = cudnnGetVersion();
  Json json{{"name", properties.name},
            {"compute_capability",
             std::to_string(properties.major) + "." + std::to_string(properties.minor)},
            {"multiprocessors", properties.multiProcessorCount},
            {"memory_mib", properties.totalGlobalMem >> 20},
            {"l2_bytes", properties.l2CacheSize},
            {"cuda_runtime", version(static_cast<std::size_t>(runtime), 1000)},
            {"cuda_of_driver", version(static_cast<std::size_t>(driver), 1000)},
            {"cudnn", version(cudnn, 10000) + "." + std::to_string(cudnn % 100)},
            {"cublas", std::to_string(part[0]) + "." + std::to_string(part[1]) + "." +
                           std::to_string(part[2])}};
  try {
    json["cudnn_properties"] = cudnn_properties(index);
  } catch (const std::exception& error) {  // the rest is worth knowing all the same
    json["cudnn_properties_error"] = error.what();
  }
  return json;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int index = argc > 1 ? std::stoi(argv[1]) : 0;
    int count = 0;
    check(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
    if (index < 0 || index >= count) {
      throw std::runtime_error("no device " + std::to_string(index) + " among " +
                               std::to_string(count));
    }
    std::printf("%s\n", describe(index).dump(1).c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_device: %s\n", error.what());
    return 1;
  }
}
