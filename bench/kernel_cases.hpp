// Every kernel of kernels/ that only moves bytes, on maps and images of the size that networks
// have, with what its header says that it must move.
#pragma once
#include <array>
#include <cstddef>
#include <functional>
#include <string>
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

std::vector<KernelCase> kernel_cases(const Workplace& place);

}  // namespace phosphene::bench
