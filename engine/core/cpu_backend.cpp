#include <sys/sysinfo.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <oneapi/dnnl/dnnl.hpp>

#include "engine/core/backend.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

class CpuRecording final : public Recording {
 public:
  explicit CpuRecording(std::function<void()> work) : work_(std::move(work)) {}
  void replay() override { work_(); }

 private:
  std::function<void()> work_;
};

/// "MemAvailable" of /proc/meminfo: what can be had without swapping.
std::size_t available_memory() {
  std::ifstream file("/proc/meminfo");
  for (std::string key; file >> key;) {
    std::size_t kib = 0;
    file >> kib;
    if (key == "MemAvailable:") return kib * 1024;
    file.ignore(256, '\n');
  }
  struct sysinfo info {};
  return sysinfo(&info) == 0 ? info.freeram * info.mem_unit : 0;
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "CPU";
}

class CpuBackend final : public Backend {
 public:
  Device device() const override { return {}; }
  std::string device_name() const override { return processor_name(); }
  std::string library_versions() const override {
    const dnnl_version_t& v = *dnnl_version();
    return "oneDNN " + std::to_string(v.major) + "." + std::to_string(v.minor) + "." +
           std::to_string(v.patch);
  }
  void* allocate(std::size_t bytes) override {
    constexpr std::size_t kAlignment = 64;  // a cache line, and the widest vector
    void* memory =
        std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
    if (memory == nullptr && bytes > 0) {
      throw Error("out of memory: asked for " + std::to_string(bytes >> 20) + " MiB, " +
                  std::to_string(free_bytes() >> 20) + " MiB are free");
    }
    return memory;
  }
  void release(void* memory) override { std::free(memory); }
  std::size_t free_bytes() const override { return available_memory(); }
  std::size_t total_bytes() const override {
    struct sysinfo info {};
    return sysinfo(&info) == 0 ? info.totalram * info.mem_unit : 0;
  }
  void copy(const void* from, Device, void* to, Device, std::size_t bytes) override {
    std::memcpy(to, from, bytes);
  }
  void zero(void* memory, std::size_t bytes) override { std::memset(memory, 0, bytes); }
  void synchronize() override {}
  std::unique_ptr<Recording> record(std::function<void()> work) override {
    return std::make_unique<CpuRecording>(std::move(work));
  }
  void push_range(const char*) override {}
  void pop_range() override {}
  void profiler(bool) override {}
};

}  // namespace

std::unique_ptr<Backend> open_cpu() { return std::make_unique<CpuBackend>(); }

}  // namespace phosphene
