// The kernels that only move bytes, in GB/s and as a share of what a copy on the same device
// reaches in the same run. Needs a GPU. Prints one JSON object. Each time is the median of 20,
// between CUDA events, the L2 cache filled with something else before each.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernel_cases.hpp"
#include "kernels/normal_noise.hpp"
#include "kernels/vector.hpp"

namespace {

namespace k = phosphene::kernels;
using Json = nlohmann::ordered_json;

constexpr int kRepetitions = 20;
constexpr std::size_t kFlushBytes = std::size_t{256} << 20;  // several times any L2 cache

void check(cudaError_t status, const std::string& what) {
  if (status != cudaSuccess) throw std::runtime_error(what + ": " + cudaGetErrorString(status));
}

/// Device memory that lives as long as the program.
void* allocate(std::size_t bytes) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, bytes), "cudaMalloc of " + std::to_string(bytes) + " bytes");
  return memory;
}

class Timer {
 public:
  Timer() : flush_(allocate(kFlushBytes)) {
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
    check(cudaEventCreate(&start_), "cudaEventCreate");
    check(cudaEventCreate(&stop_), "cudaEventCreate");
  }
  ~Timer() {
    cudaEventDestroy(stop_);
    cudaEventDestroy(start_);
    cudaStreamDestroy(stream_);
    cudaFree(flush_);
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  cudaStream_t stream() const { return stream_; }

  /// Median, in milliseconds; a run beforehand loads the code.
  double median(const std::string& name, const std::function<void(cudaStream_t)>& work) const {
    work(stream_);
    check(cudaStreamSynchronize(stream_), name);
    std::vector<float> times(kRepetitions);
    for (float& time : times) {
      check(cudaMemsetAsync(flush_, 1, kFlushBytes, stream_), "the flush");
      check(cudaEventRecord(start_, stream_), "cudaEventRecord");
      work(stream_);
      check(cudaEventRecord(stop_, stream_), "cudaEventRecord");
      check(cudaEventSynchronize(stop_), name);
      check(cudaEventElapsedTime(&time, start_, stop_), "cudaEventElapsedTime");
    }
    std::sort(times.begin(), times.end());
    return (times[kRepetitions / 2 - 1] + times[kRepetitions / 2]) / 2;
  }

 private:
  void* flush_;
  cudaStream_t stream_ = nullptr;
  cudaEvent_t start_ = nullptr, stop_ = nullptr;
};

Json measure() {
  int gpus = 0;
  if (cudaGetDeviceCount(&gpus) != cudaSuccess || gpus == 0) {
    throw std::runtime_error("needs a GPU, and there is none");
  }
  const Timer timer;
  phosphene::bench::Workplace place{
      .maps = {32, 112, 112, 64}, .images = {128, 224, 224, 3}, .array = {}, .upload = {}};
  const std::int64_t elements = std::max(place.maps.count(), place.images.count());
  const std::size_t bytes = static_cast<std::size_t>(elements) * sizeof(float);
  for (float*& array : place.array) {
    array = static_cast<float*>(allocate(bytes));
    k::cuda::fill(timer.stream(), array, 0.5F, elements);
    k::cuda::add_normal_noise(timer.stream(), array, array, elements, 0.1F, {.seed = 1});
  }
  place.upload = [](const void* host, std::size_t size) {
    void* memory = allocate(size);
    check(cudaMemcpy(memory, host, size, cudaMemcpyHostToDevice), "cudaMemcpy");
    return memory;
  };

  const double copy =
      2e-6 * static_cast<double>(bytes) / timer.median("copy", [&](cudaStream_t stream) {
        check(cudaMemcpyAsync(place.array[0], place.array[1], bytes, cudaMemcpyDeviceToDevice,
                              stream),
              "the copy");
      });
  Json json{{"copy_gb_per_s", copy}, {"kernels", Json::array()}};
  for (const auto& one : phosphene::bench::kernel_cases(place)) {
    const double milliseconds = timer.median(one.name, one.run);
    const double speed = 1e-6 * one.bytes / milliseconds;
    json["kernels"].push_back({{"name", one.name},
                               {"us", 1e3 * milliseconds},
                               {"mb", 1e-6 * one.bytes},
                               {"gb_per_s", speed},
                               {"share_of_copy", speed / copy}});
  }
  return json;
}

}  // namespace

int main() {
  try {
    std::printf("%s\n", measure().dump(1).c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_kernels: %s\n", error.what());
    return 1;
  }
}
