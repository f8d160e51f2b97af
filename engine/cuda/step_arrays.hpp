#pragma once
#include <optional>
#include <span>
#include <string>

#include "engine/cuda/step.hpp"

namespace phosphene::cuda {

/// A device copy of `values` in `dtype`.
Tensor upload(const Context& context, std::span<const float> values, DType dtype);

/// The weights of a Conv or Linear step on the device, shared through the Network by all sessions
/// of that device and type, and folded only when the first of them asks.
class StepArrays {
 public:
  StepArrays(const StepEnvironment& environment, const StepSpec& spec)
      : context_(environment.context), spec_(spec) {}

  /// Of a convolution, [out, kh, kw, in / groups] in storage type: nhwc filters.
  const Tensor& filters();
  /// Of a linear layer, [out, in] in storage type.
  const Tensor& matrix();
  const Tensor& bias(DType dtype);

 private:
  const StepWeights& folded();
  std::string key(const std::string& what, DType dtype) const;

  const Context& context_;
  const StepSpec& spec_;
  std::optional<StepWeights> folded_;
};

}  // namespace phosphene::cuda
