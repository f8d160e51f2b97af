// Every kernel of kernels/ that only moves bytes, on maps and images of the size that networks
// have, with what its header says that it must move.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/common.hpp"

namespace phosphene::bench {

struct KernelCase {
  std::string name;  ///< "relu bf16"
  double bytes;      ///< read and written
  std::function<void(kernels::Stream)> run;
};

/// Where the cases work, in device memory.
struct Workplace {
  kernels::Maps maps;    ///< of activations; h and w are even, c at least 8
  kernels::Maps images;  ///< c = 3
  /// Arrays of as many floats as the larger of the two, with values around 0.5.
  std::array<float*, 6> array;
  /// A copy on the device that outlives the cases.
  std::function<void*(const void* host, std::size_t bytes)> upload;
};

/// What collects the cases of one file.
class CaseList {
 public:
  CaseList(const Workplace& place, std::vector<KernelCase>& cases) : p_(place), cases_(cases) {}

 protected:
  template <class T>
  T* at(std::size_t i) const {
    return reinterpret_cast<T*>(p_.array[i]);
  }
  void add(std::string name, double bytes, std::function<void(kernels::Stream)> run) {
    cases_.push_back({std::move(name), bytes, std::move(run)});
  }
  /// `count` values on the device.
  template <class T>
  T* values(std::int64_t count, T value) {
    const std::vector<T> host(static_cast<std::size_t>(count), value);
    return static_cast<T*>(p_.upload(host.data(), host.size() * sizeof(T)));
  }

  const Workplace& p_;

 private:
  std::vector<KernelCase>& cases_;
};

void add_image_cases(const Workplace& place, std::vector<KernelCase>& cases);
/// All of them.
std::vector<KernelCase> kernel_cases(const Workplace& place);

}  // namespace phosphene::bench
