#include "engine/cpu/conv_step.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "engine/cpu/dnnl_compat.hpp"
#include "kernels/relu.hpp"

namespace phosphene::cpu {
namespace {

using dnnl::memory;
using Dims = memory::dims;
using Tag = memory::format_tag;

memory::desc nhwc(const Shape& s) {
  return {Dims{s.n, s.c, s.h, s.w}, memory::data_type::f32, Tag::nhwc};
}

class ConvStep final : public Step {
 public:
  ConvStep(std::shared_ptr<Runtime> runtime, const Context& context, const StepSpec& spec)
      : runtime_(std::move(runtime)),
        output_count_(spec.output.count()),
        relu_(spec.relu),
        residual_(spec.residual) {
    const auto& conv = std::get<op::Conv>(spec.op);
    const Window& window = conv.window;
    const std::int64_t group_in = spec.inputs[0].c / conv.groups;
    Dims w_dims{conv.out_channels, group_in, window.kernel.h, window.kernel.w};
    Tag w_tag = Tag::oihw;
    if (conv.groups > 1) {
      w_dims[0] /= conv.groups;
      w_dims.insert(w_dims.begin(), conv.groups);
      w_tag = Tag::goihw;
    }
    const auto f32 = memory::data_type::f32;
    description_ = {nhwc(spec.inputs[0]),
                    {w_dims, f32, Tag::any},
                    {Dims{conv.out_channels}, f32, Tag::a},
                    nhwc(spec.output),
                    {window.stride.h, window.stride.w},
                    {window.dilation.h - 1, window.dilation.w - 1},
                    {window.pad.top, window.pad.left},
                    {window.pad.bottom, window.pad.right}};

    dnnl::primitive_attr attr;
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    dnnl::primitive_attr fused;  // a copy would share attr's handle
    fused.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    dnnl::post_ops ops;
    if (residual_) ops.append_binary(dnnl::algorithm::binary_add, description_.y);
    if (relu_) append_relu(ops);
    fused.set_post_ops(ops);
    const auto forward = describe_forward(description_, fused, runtime_->engine);
    forward_ = dnnl::convolution_forward(forward);
    scratchpad_ = forward.scratchpad_desc();
    workspace_ = scratchpad_.get_size();

    const std::string key =
        "cpu/" + spec.weights + (spec.folded_norm.empty() ? "" : "+" + spec.folded_norm);
    const memory::desc plain(w_dims, f32, w_tag);
    weight_ = weights(context, spec, key, plain, forward.weights_desc());
    bias_ = memory(description_.b, runtime_->engine,
                   const_cast<float*>(  // oneDNN takes what it only reads as void*
                       spec.network
                           ->lowered(key + "/bias",
                                     [&] {
                                       const StepWeights w = step_weights(spec);
                                       Tensor t = context.empty({1, conv.out_channels, 1, 1});
                                       std::ranges::copy(w.bias, t.data());
                                       return t;
                                     })
                           .data()));
    if (!spec.backward) return;
    const auto plain_forward = describe_forward(description_, attr, runtime_->engine);
    const auto backward = describe_backward(description_, plain_forward, attr, runtime_->engine);
    backward_ = dnnl::convolution_backward_data(backward);
    backward_scratchpad_ = backward.scratchpad_desc();
    workspace_ = std::max(workspace_, backward_scratchpad_.get_size());
    backward_weight_ = weights(context, spec, key, plain, backward.weights_desc());
    state_ = relu_ ? static_cast<std::size_t>(kernels::mask_words(output_count_)) * 4 : 0;
  }

  Needs needs() const override { return {state_, workspace_, false, false}; }

  void bind(const StepBuffers& buffers) override {
    buffers_ = buffers;
    const auto memory_at = [&](const memory::desc& desc, const void* data) {
      return memory(desc, runtime_->engine, const_cast<void*>(data));
    };
    forward_args_ = {{DNNL_ARG_SRC, memory_at(description_.x, buffers.x[0])},
                     {DNNL_ARG_WEIGHTS, weight_},
                     {DNNL_ARG_BIAS, bias_},
                     {DNNL_ARG_DST, memory_at(description_.y, buffers.y)},
                     {DNNL_ARG_SCRATCHPAD, memory_at(scratchpad_, buffers.workspace)}};
    if (residual_) {
      forward_args_.insert({DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1,
                            memory_at(description_.y, buffers.x[1])});
    }
    if (!backward_) return;
    backward_args_ = {{DNNL_ARG_DIFF_DST, memory_at(description_.y, buffers.d_y)},
                      {DNNL_ARG_WEIGHTS, backward_weight_},
                      {DNNL_ARG_DIFF_SRC, memory_at(description_.x, buffers.d_x[0])},
                      {DNNL_ARG_SCRATCHPAD, memory_at(backward_scratchpad_, buffers.workspace)}};
  }

  void forward() override {
    forward_.execute(runtime_->stream, forward_args_);
    runtime_->stream.wait();
    if (state_ > 0)
      kernels::cpu::positive_mask(static_cast<const float*>(buffers_.y), mask(), output_count_);
  }

  void backward(ReluRule rule) override {
    auto* d_y = static_cast<float*>(buffers_.d_y);
    if (relu_) {
      kernels::cpu::relu_backward(d_y, mask(), d_y, output_count_,
                                  static_cast<kernels::ReluRule>(rule));
    }
    if (residual_) {
      std::memcpy(buffers_.d_x[1], d_y, static_cast<std::size_t>(output_count_) * sizeof(float));
    }
    backward_.execute(runtime_->stream, backward_args_);
    runtime_->stream.wait();
  }

 private:
  memory weights(const Context& context, const StepSpec& spec, const std::string& key,
                 const memory::desc& plain, const memory::desc& wanted) const {
    const Tensor& held = spec.network->lowered(key + "/" + layout_key(wanted), [&] {
      StepWeights w = step_weights(spec);
      const auto floats = static_cast<std::int64_t>((wanted.get_size() + 3) / 4);
      Tensor t = context.empty({1, 1, 1, floats});
      memory from(plain, runtime_->engine, w.weight.data());
      memory to(wanted, runtime_->engine, t.data<void>());
      dnnl::reorder(from, to).execute(runtime_->stream, from, to);
      runtime_->stream.wait();
      return t;
    });
    return {wanted, runtime_->engine, const_cast<float*>(held.data())};
  }

  std::uint32_t* mask() const { return static_cast<std::uint32_t*>(buffers_.state); }

  std::shared_ptr<Runtime> runtime_;
  std::int64_t output_count_;
  bool relu_, residual_;
  ConvDescription description_;
  dnnl::convolution_forward forward_;
  dnnl::convolution_backward_data backward_;
  memory weight_, backward_weight_, bias_;
  memory::desc scratchpad_, backward_scratchpad_;
  std::size_t workspace_ = 0, state_ = 0;
  StepBuffers buffers_;
  std::unordered_map<int, memory> forward_args_, backward_args_;
};

}  // namespace

std::unique_ptr<Step> conv_step(std::shared_ptr<Runtime> runtime, const Context& context,
                                const StepSpec& spec) {
  return std::make_unique<ConvStep>(std::move(runtime), context, spec);
}

}  // namespace phosphene::cpu
