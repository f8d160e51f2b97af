#include "engine/cuda/device.hpp"

#include <cuda_profiler_api.h>

#include "engine/cuda/check.hpp"
#include "engine/cuda/probe.hpp"

namespace phosphene {
namespace cuda {
namespace {

std::string cuda_version(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

int driver_version() {
  int version = 0;
  cudaDriverGetVersion(&version);  // 0 without a driver
  return version;
}

int runtime_version() {
  int version = 0;
  cudaRuntimeGetVersion(&version);
  return version;
}

int attribute(int index, cudaDeviceAttr which) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, which, index), "cudaDeviceGetAttribute");
  return value;
}

/// Why the runtime sees no device.
std::string no_device(int index, cudaError_t status) {
  const std::string flag = "--device cuda:" + std::to_string(index) + ": ";
  const std::string found = " (" + std::to_string(status) + ", " + cudaGetErrorString(status) + ")";
  if (driver_version() == 0 || status == cudaErrorStubLibrary) {
    return flag + "no CUDA driver on this machine" + found + "; expected one for CUDA " +
           cuda_version(runtime_version()) + ": install it, or use --device cpu";
  }
  if (status == cudaErrorInsufficientDriver) {
    return flag + "the CUDA driver serves CUDA " + cuda_version(driver_version()) +
           ", expected at least " + cuda_version(runtime_version()) + found +
           ": update the driver, or use --device cpu";
  }
  if (status == cudaErrorNoDevice) {
    return flag + "the CUDA driver finds no GPU" + found +
           ": look at nvidia-smi and CUDA_VISIBLE_DEVICES, or use --device cpu";
  }
  return flag + "the GPU cannot be used" + found;
}

/// A CUDA graph, instantiated.
class CudaRecording final : public Recording {
 public:
  CudaRecording(cudaGraphExec_t graph, const CudaBackend& backend)
      : graph_(graph), backend_(backend) {}
  ~CudaRecording() override { cudaGraphExecDestroy(graph_); }
  void replay() override {
    check(cudaGraphLaunch(graph_, static_cast<cudaStream_t>(backend_.stream())), "cudaGraphLaunch");
  }

 private:
  cudaGraphExec_t graph_;
  const CudaBackend& backend_;
};

/// Whether the program, not the GPU, is why a kernel cannot be had.
bool is_missing_code(cudaError_t status) {
  return status == cudaErrorNoKernelImageForDevice || status == cudaErrorInvalidDeviceFunction ||
         status == cudaErrorInvalidPtx || status == cudaErrorUnsupportedPtxVersion;
}

}  // namespace

void require_device(int index) {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) throw UsageError(no_device(index, status));
  if (index < 0 || index >= count) {
    throw UsageError("--device cuda:" + std::to_string(index) + ": this machine has " +
                     std::to_string(count) + " GPU(s), expected 0 to " + std::to_string(count - 1));
  }
  if (const cudaError_t set = cudaSetDevice(index); set != cudaSuccess) {
    cudaGetLastError();
    throw UsageError(no_device(index, set));
  }
  if (const cudaError_t code = probe_code(); code != cudaSuccess) {
    cudaGetLastError();
    if (!is_missing_code(code)) throw UsageError(no_device(index, code));
    const std::string capability =
        std::to_string(attribute(index, cudaDevAttrComputeCapabilityMajor)) +
        std::to_string(attribute(index, cudaDevAttrComputeCapabilityMinor));
    throw UsageError(
        "--device cuda:" + std::to_string(index) +
        ": this program has no code for a GPU of compute capability " + capability + " (" +
        cudaGetErrorString(code) +
        "): rebuild with cmake --preset cuda -DCMAKE_CUDA_ARCHITECTURES=" + capability);
  }
}

CudaBackend::CudaBackend(int index) : index_(index) {
  require_device(index);
  // Not blocking: the legacy default stream must not wait for it, nor it for that one.
  check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
}

CudaBackend::~CudaBackend() {
  cudaSetDevice(index_);
  libraries_.reset();
  cudaStreamDestroy(stream_);
}

void CudaBackend::make_current() const { check(cudaSetDevice(index_), "cudaSetDevice"); }

void* CudaBackend::stream() const {
  make_current();
  return stream_;
}

std::string CudaBackend::device_name() const {
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, index_), "cudaGetDeviceProperties");
  return properties.name;
}

std::string CudaBackend::library_versions() const {
  const std::size_t cudnn = cudnnGetVersion();
  int major = 0, minor = 0, patch = 0;
  cublasGetProperty(MAJOR_VERSION, &major);
  cublasGetProperty(MINOR_VERSION, &minor);
  cublasGetProperty(PATCH_LEVEL, &patch);
  return "CUDA " + cuda_version(runtime_version()) + ", cuDNN " + std::to_string(cudnn / 10000) +
         "." + std::to_string(cudnn % 10000 / 100) + "." + std::to_string(cudnn % 100) +
         ", cuBLAS " + std::to_string(major) + "." + std::to_string(minor) + "." +
         std::to_string(patch) + ", driver for CUDA " + cuda_version(driver_version());
}

void* CudaBackend::allocate(std::size_t bytes) {
  make_current();
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, bytes);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // not to be found by the next kernel's check
    throw Error("out of memory on " + to_string(device()) + ": asked for " +
                std::to_string(bytes >> 20) + " MiB (" + std::to_string(bytes) + " bytes), " +
                std::to_string(free_bytes() >> 20) + " MiB (" + std::to_string(free_bytes()) +
                " bytes) are free");
  }
  check(status, "cudaMalloc of " + std::to_string(bytes) + " bytes");
  return memory;
}

void CudaBackend::release(void* memory) {
  cudaSetDevice(index_);
  cudaStreamSynchronize(stream_);  // cudaFree may return while work on the memory is under way
  cudaFree(memory);
}

std::size_t CudaBackend::free_bytes() const {
  make_current();
  std::size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return free;
}

std::size_t CudaBackend::total_bytes() const {
  make_current();
  std::size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return total;
}

void CudaBackend::copy(const void* from, Device from_device, void* to, Device to_device,
                       std::size_t bytes) {
  make_current();
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream_), "cudaMemcpy");
  if (!from_device.is_cuda() || !to_device.is_cuda()) synchronize();
}

void CudaBackend::zero(void* memory, std::size_t bytes) {
  make_current();
  check(cudaMemsetAsync(memory, 0, bytes, stream_), "cudaMemset");
}

void CudaBackend::synchronize() {
  check(cudaStreamSynchronize(stream_), "work on " + to_string(device()));
}

std::unique_ptr<Recording> CudaBackend::record(std::function<void()> work) {
  make_current();
  check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal),
        "cudaStreamBeginCapture");
  cudaGraph_t graph = nullptr;
  try {
    work();
  } catch (...) {
    cudaStreamEndCapture(stream_, &graph);
    if (graph) cudaGraphDestroy(graph);
    cudaGetLastError();
    throw;
  }
  check(cudaStreamEndCapture(stream_, &graph), "recording a CUDA graph");
  cudaGraphExec_t executable = nullptr;
  const cudaError_t status = cudaGraphInstantiate(&executable, graph, 0);
  cudaGraphDestroy(graph);
  check(status, "cudaGraphInstantiate");
  return std::make_unique<CudaRecording>(executable, *this);
}

void CudaBackend::profiler(bool on) {
  check(on ? cudaProfilerStart() : cudaProfilerStop(), "CUDA profiler");
}

Libraries& CudaBackend::libraries() {
  if (!libraries_) {
    make_current();
    libraries_ = std::make_unique<Libraries>(stream_);
  }
  return *libraries_;
}

}  // namespace cuda

std::unique_ptr<Backend> open_cuda(int index) { return std::make_unique<cuda::CudaBackend>(index); }

}  // namespace phosphene
