// What the steps of the CUDA lowering share: where they run, and the steps that are more than a
// kernel each way.
#pragma once
#include <memory>

#include "engine/cuda/libraries.hpp"
#include "engine/session/lowering.hpp"
#include "kernels/common.hpp"
#include "kernels/relu.hpp"

namespace phosphene::cuda {

struct StepEnvironment {
  const Context& context;
  Libraries& libraries;
};

inline kernels::Maps maps_of(const Shape& s) { return {s.n, s.h, s.w, s.c}; }

inline std::size_t mask_bytes(std::int64_t count) {
  return static_cast<std::size_t>(kernels::mask_words(count)) * sizeof(std::uint32_t);
}

/// As the enumerators of both count from the same one.
inline kernels::ReluRule kernel_rule(ReluRule rule) { return static_cast<kernels::ReluRule>(rule); }
static_assert(static_cast<int>(ReluRule::guided) == static_cast<int>(kernels::ReluRule::guided));
static_assert(static_cast<int>(ReluRule::deconvnet) ==
              static_cast<int>(kernels::ReluRule::deconvnet));

/// An asynchronous copy on the device.
inline void copy(cudaStream_t stream, const void* from, void* to, std::size_t bytes) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream), "cudaMemcpyAsync");
}

std::unique_ptr<Step> make_conv_step(const StepEnvironment& environment, const StepSpec& spec,
                                     const op::Conv& op);
std::unique_ptr<Step> make_linear_step(const StepEnvironment& environment, const StepSpec& spec);
/// Of any other node type.
std::unique_ptr<Step> make_kernel_step(const StepEnvironment& environment, const StepSpec& spec);

}  // namespace phosphene::cuda
