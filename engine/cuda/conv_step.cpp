#include <algorithm>

#include "engine/cuda/step.hpp"
#include "engine/cuda/step_arrays.hpp"
#include "kernels/bias.hpp"

namespace phosphene::cuda {
namespace {

/// y = relu(conv(x) + z + bias): one cuDNN plan where there is one, else a plain convolution and
/// the bias kernel. Backward: the ReLU rule in place on d_y, which then is the gradient of z, and
/// the transposed convolution for x.
template <class T>
class ConvStep final : public Step {
 public:
  ConvStep(const StepEnvironment& environment, const StepSpec& spec, const op::Conv& op);

  Needs needs() const override;
  void bind(const StepBuffers& buffers) override;
  void forward() override;
  void backward(ReluRule rule) override;

 private:
  bool keeps_mask() const { return backward_ && relu_; }

  Libraries& libraries_;
  const kernels::Maps y_maps_;
  const bool relu_, residual_, backward_;
  bool fused_ = true;
  const Tensor *filters_ = nullptr, *bias_ = nullptr;
  std::shared_ptr<const ConvPlan> forward_plan_, backward_plan_;

  StepBuffers buffers_;
  std::optional<ConvCall> forward_call_, backward_call_;
};

template <class T>
ConvStep<T>::ConvStep(const StepEnvironment& environment, const StepSpec& spec, const op::Conv& op)
    : libraries_(environment.libraries),
      y_maps_(maps_of(spec.output)),
      relu_(spec.relu),
      residual_(spec.residual),
      backward_(spec.backward) {
  ConvProblem problem = conv_problem(op, spec.inputs[0], spec.output);
  problem.precision = environment.context.precision();
  problem.direct = spec.direct;

  const bool tune = environment.context.tune();
  const auto plan = [&](const ConvProblem& what) { return libraries_.plan(what, tune); };
  const auto required = [&](const ConvProblem& what) {
    auto found = plan(what);
    if (!found) {
      throw Error(spec.name + ": cuDNN has no plan within " +
                  std::to_string(limits_for(what).most_workspace >> 20) + " MiB of workspace for " +
                  to_string(what));
    }
    return found;
  };
  ConvProblem whole = problem;
  whole.bias = true;
  whole.residual = residual_;
  whole.relu = relu_;
  forward_plan_ = plan(whole);
  fused_ = forward_plan_ != nullptr;
  if (!fused_) forward_plan_ = required(problem);
  if (backward_) {
    ConvProblem gradient = problem;
    gradient.direction = ConvDirection::input_gradient;
    backward_plan_ = required(gradient);
  }

  StepArrays arrays(environment, spec);
  filters_ = &arrays.filters();
  bias_ = &arrays.bias(fused_ ? environment.context.storage() : DType::f32);
}

template <class T>
Step::Needs ConvStep<T>::needs() const {
  Needs needs;
  if (keeps_mask()) needs.state = mask_bytes(y_maps_.count());
  needs.workspace = forward_plan_->workspace();
  if (backward_) needs.workspace = std::max(needs.workspace, backward_plan_->workspace());
  return needs;
}

template <class T>
void ConvStep<T>::bind(const StepBuffers& buffers) {
  buffers_ = buffers;
  ConvPointers pointers;
  pointers.x = buffers.x.front();
  pointers.w = filters_->data<void>();
  pointers.y = buffers.y;
  pointers.workspace = buffers.workspace;
  if (fused_) pointers.bias = bias_->data<void>();
  if (fused_ && residual_) pointers.residual = buffers.x.back();
  forward_call_.emplace(*forward_plan_, pointers);

  if (!backward_ || !buffers.d_x.front()) return;
  ConvPointers gradient;
  gradient.x = buffers.d_x.front();
  gradient.w = filters_->data<void>();
  gradient.y = buffers.d_y;
  gradient.workspace = buffers.workspace;
  backward_call_.emplace(*backward_plan_, gradient);
}

template <class T>
void ConvStep<T>::forward() {
  forward_call_->run(libraries_.dnn());
  T* y = static_cast<T*>(buffers_.y);
  if (!fused_) {
    const T* z = residual_ ? static_cast<const T*>(buffers_.x.back()) : nullptr;
    kernels::cuda::bias(libraries_.stream(), y, bias_->data(), z, y_maps_, relu_);
  }
  if (keeps_mask()) {
    kernels::cuda::positive_mask(libraries_.stream(), y,
                                 static_cast<std::uint32_t*>(buffers_.state), y_maps_.count());
  }
}

template <class T>
void ConvStep<T>::backward(ReluRule rule) {
  T* d_y = static_cast<T*>(buffers_.d_y);
  if (relu_) {
    kernels::cuda::relu_backward(libraries_.stream(), d_y,
                                 static_cast<const std::uint32_t*>(buffers_.state), d_y,
                                 y_maps_.count(), kernel_rule(rule));
  }
  if (residual_ && buffers_.d_x.back()) {
    copy(libraries_.stream(), d_y, buffers_.d_x.back(),
         static_cast<std::size_t>(y_maps_.count()) * sizeof(T));
  }
  if (backward_call_) backward_call_->run(libraries_.dnn());
}

}  // namespace

std::unique_ptr<Step> make_conv_step(const StepEnvironment& environment, const StepSpec& spec,
                                     const op::Conv& op) {
  if (environment.context.storage() == DType::bf16) {
    return std::make_unique<ConvStep<kernels::bf16>>(environment, spec, op);
  }
  return std::make_unique<ConvStep<float>>(environment, spec, op);
}

}  // namespace phosphene::cuda
