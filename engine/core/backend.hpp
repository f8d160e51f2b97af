#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "phosphene/context.hpp"

namespace phosphene {

/// Work recorded once and replayed: a CUDA graph on a GPU, the function itself on the CPU.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual void replay() = 0;
};

/// The few things that differ between devices before any kernel runs.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual Device device() const = 0;
  virtual std::string device_name() const = 0;
  virtual std::string library_versions() const = 0;
  /// What this thread launches from here on goes to this device.
  virtual void make_current() const {}
  virtual void* stream() const { return nullptr; }  ///< makes the device current
  virtual void* allocate(std::size_t bytes) = 0;    ///< throws Error with the sizes when full
  virtual void release(void* memory) = 0;
  virtual std::size_t free_bytes() const = 0;
  virtual std::size_t total_bytes() const = 0;
  /// In stream order; a copy that touches the host is complete on return.
  virtual void copy(const void* from, Device from_device, void* to, Device to_device,
                    std::size_t bytes) = 0;
  virtual void zero(void* memory, std::size_t bytes) = 0;
  virtual void synchronize() = 0;
  /// `work` must only enqueue on stream(): it allocates nothing and does not wait.
  virtual std::unique_ptr<Recording> record(std::function<void()> work) = 0;
  /// Brackets for a profiler: ranges by name, and the window it should capture.
  virtual void push_range(const char* name) = 0;
  virtual void pop_range() = 0;
  virtual void profiler(bool on) = 0;
};

/// Throws UsageError where the device cannot be had, in one line that says why and what to do
/// (built without CUDA, no driver, no such device, no code for its architecture).
std::unique_ptr<Backend> open_cpu();
std::unique_ptr<Backend> open_cuda(int index);

/// The backend of a context, for the engine's own use.
Backend& backend_of(const Context& context);

}  // namespace phosphene
