#include "engine/cuda/step_arrays.hpp"

#include "engine/core/backend.hpp"

namespace phosphene::cuda {

Tensor upload(const Context& context, std::span<const float> values, DType dtype) {
  const Shape shape{1, static_cast<std::int64_t>(values.size()), 1, 1};
  Tensor tensor = context.empty(shape, dtype);
  const void* from = values.data();
  std::vector<kernels::bf16> rounded;
  if (dtype == DType::bf16) {
    rounded.reserve(values.size());
    for (const float value : values) rounded.push_back(kernels::from_float<kernels::bf16>(value));
    from = rounded.data();
  }
  backend_of(context).copy(from, Device{}, tensor.data<void>(), tensor.device(), tensor.bytes());
  return tensor;
}

const StepWeights& StepArrays::folded() {
  if (!folded_) folded_ = step_weights(spec_);
  return *folded_;
}

std::string StepArrays::key(const std::string& what, DType dtype) const {
  return to_string(context_.device()) + "/" + to_string(dtype) + "/" + what + "/" + spec_.weights +
         "+" + spec_.folded_norm;
}

const Tensor& StepArrays::filters() {
  return spec_.network->lowered(key("krsc", context_.storage()), [&] {
    const StepWeights& weights = folded();
    const std::int64_t channels = weights.shape[1], taps = weights.shape[2] * weights.shape[3];
    std::vector<float> krsc(weights.weight.size());
    const float* from = weights.weight.data();
    for (std::int64_t out = 0; out < weights.shape[0]; ++out) {
      for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t tap = 0; tap < taps; ++tap) {
          krsc[static_cast<std::size_t>((out * taps + tap) * channels + c)] = *from++;
        }
      }
    }
    return upload(context_, krsc, context_.storage());
  });
}

const Tensor& StepArrays::matrix() {
  return spec_.network->lowered(key("matrix", context_.storage()), [&] {
    return upload(context_, folded().weight, context_.storage());
  });
}

const Tensor& StepArrays::bias(DType dtype) {
  return spec_.network->lowered(key("bias", dtype),
                                [&] { return upload(context_, folded().bias, dtype); });
}

}  // namespace phosphene::cuda
