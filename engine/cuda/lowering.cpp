#include "engine/session/lowering.hpp"

#include "engine/cuda/device.hpp"
#include "engine/cuda/step.hpp"
#include "kernels/vector.hpp"

namespace phosphene {
namespace cuda {
namespace {

class CudaLowering final : public Lowering {
 public:
  CudaLowering(const Context& context, CudaBackend& backend)
      : environment_{context, backend.libraries()}, backend_(backend) {}

  DType storage() const override { return environment_.context.storage(); }

  std::unique_ptr<Step> lower(const StepSpec& spec) override {
    if (const auto* conv = std::get_if<op::Conv>(&spec.op)) {
      return make_conv_step(environment_, spec, *conv);
    }
    if (spec.relu || spec.residual) {
      throw Error(spec.name + ": only a convolution takes an addend or a ReLU into itself");
    }
    if (std::holds_alternative<op::Linear>(spec.op)) return make_linear_step(environment_, spec);
    return make_kernel_step(environment_, spec);
  }

  void add(const void* x, void* y, std::int64_t count) override {
    const kernels::Stream stream = environment_.libraries.stream();
    if (storage() == DType::bf16) {
      kernels::cuda::add(stream, static_cast<const kernels::bf16*>(x),
                         static_cast<kernels::bf16*>(y), count);
    } else {
      kernels::cuda::add(stream, static_cast<const float*>(x), static_cast<float*>(y), count);
    }
  }

  void zero(void* y, std::int64_t count) override {
    backend_.zero(y, static_cast<std::size_t>(count) * size_of(storage()));
  }

 private:
  StepEnvironment environment_;
  CudaBackend& backend_;
};

}  // namespace
}  // namespace cuda

std::unique_ptr<Lowering> make_cuda_lowering(const Context& context) {
  auto* backend = dynamic_cast<cuda::CudaBackend*>(&backend_of(context));
  if (!backend) {
    throw UsageError("the CUDA lowering needs a context on a GPU, this one is on " +
                     to_string(context.device()));
  }
  return std::make_unique<cuda::CudaLowering>(context, *backend);
}

}  // namespace phosphene
