// The device that the cuda:: launchers of this executable run on: the SIMT harness, where device
// memory is host memory under ASan, or a GPU.
#pragma once
#include <cstddef>
#include <cstring>
#include <vector>

namespace phosphene::kernels::testing {

/// Aligned to 256 bytes, as cudaMalloc's. Writing past its end is found: by ASan, or on a GPU by
/// a guard that release checks.
void* device_allocate(std::size_t bytes);
void device_release(void* memory, std::size_t bytes);
void copy_to_device(const void* host, void* device, std::size_t bytes);
void copy_to_host(const void* device, void* host, std::size_t bytes);

/// Runs a test's body: once on a GPU (or skips it, saying why); in the harness in several orders of
/// the threads, of which the race build needs but one, and once with few blocks.
void on_device(void (*body)());

/// `values.size()` elements of device memory and no byte more, the first of them `offset`
/// elements past a 256-byte boundary.
template <class T>
class DeviceBuffer {
 public:
  explicit DeviceBuffer(const std::vector<T>& values, std::size_t offset = 0)
      : size_(values.size()), offset_(offset), memory_(static_cast<T*>(device_allocate(bytes()))) {
    copy_to_device(values.data(), data(), size_ * sizeof(T));
  }
  /// For outputs: every byte 0xff, a NaN in float and bf16, so that what nobody writes shows.
  static DeviceBuffer unwritten(std::size_t size, std::size_t offset = 0) {
    std::vector<T> values(size);
    if (size > 0) std::memset(static_cast<void*>(values.data()), 0xff, size * sizeof(T));
    return DeviceBuffer(values, offset);
  }
  ~DeviceBuffer() { device_release(memory_, bytes()); }
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;

  T* data() { return memory_ + offset_; }
  std::vector<T> host() const {
    std::vector<T> values(size_);
    copy_to_host(memory_ + offset_, values.data(), size_ * sizeof(T));
    return values;
  }

 private:
  std::size_t bytes() const { return (offset_ + size_) * sizeof(T); }

  std::size_t size_, offset_;
  T* memory_;
};

}  // namespace phosphene::kernels::testing
