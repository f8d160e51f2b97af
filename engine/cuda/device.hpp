// The CUDA backend: a device, its stream, and what the lowering keeps per device.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "engine/core/backend.hpp"
#include "engine/cuda/libraries.hpp"
#include "engine/cuda/nvtx_ranges.hpp"

namespace phosphene::cuda {

class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(int index);
  ~CudaBackend() override;

  Device device() const override { return {Device::Kind::cuda, index_}; }
  std::string device_name() const override;
  std::string library_versions() const override;
  void make_current() const override;
  void* stream() const override;
  void* allocate(std::size_t bytes) override;
  void release(void* memory) override;
  std::size_t free_bytes() const override;
  std::size_t total_bytes() const override;
  void copy(const void* from, Device from_device, void* to, Device to_device,
            std::size_t bytes) override;
  void zero(void* memory, std::size_t bytes) override;
  void synchronize() override;
  std::unique_ptr<Recording> record(std::function<void()> work) override;
  void push_range(const char* name) override { ranges_.push(name); }
  void pop_range() override { ranges_.pop(); }
  void profiler(bool on) override;

  /// cuDNN and cuBLAS on this stream, made when first asked for.
  Libraries& libraries();

 private:
  int index_;
  cudaStream_t stream_ = nullptr;
  NvtxRanges ranges_;
  std::unique_ptr<Libraries> libraries_;
};

/// Throws UsageError, in one line that says what to do, where device `index` cannot be used.
void require_device(int index);

}  // namespace phosphene::cuda
