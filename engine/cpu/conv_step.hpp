#pragma once
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>

#include "engine/session/lowering.hpp"

namespace phosphene::cpu {

struct Runtime {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
};

/// Convolution + bias (+ residual) (+ ReLU) in one oneDNN primitive, and its input gradient.
std::unique_ptr<Step> conv_step(std::shared_ptr<Runtime> runtime, const Context& context,
                                const StepSpec& spec);

}  // namespace phosphene::cpu
