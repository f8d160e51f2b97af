#pragma once
#include <cuda_runtime_api.h>

namespace phosphene::cuda {

/// Whether this binary has code for the current device: the status of asking for a kernel.
cudaError_t probe_code();

}  // namespace phosphene::cuda
