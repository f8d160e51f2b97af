// The node types that are a kernel forward and a kernel back.
#include "engine/cuda/step.hpp"
#include "engine/cuda/step_arrays.hpp"
#include "engine/session/call_step.hpp"
#include "kernels/activation.hpp"
#include "kernels/avg_pool.hpp"
#include "kernels/concat.hpp"
#include "kernels/flatten.hpp"
#include "kernels/lrn.hpp"
#include "kernels/max_pool.hpp"
#include "kernels/normalise.hpp"
#include "kernels/reflect_pad.hpp"
#include "kernels/scale_shift.hpp"
#include "kernels/softmax.hpp"
#include "kernels/vector.hpp"

namespace phosphene::cuda {
namespace {

namespace k = kernels::cuda;
using B = StepBuffers;
using StepPtr = std::unique_ptr<Step>;

/// What a kernel is told of a step.
struct Sizes {
  kernels::Stream stream;
  kernels::Maps in, out;
  std::int64_t count;  ///< of the output
};

StepPtr call(Step::Needs needs, CallStep::Forward forward, CallStep::Backward backward) {
  return std::make_unique<CallStep>(needs, std::move(forward), std::move(backward));
}

/// One overload a node type; T is the storage type.
template <class T>
struct Lower {
  const StepEnvironment& environment;
  const StepSpec& spec;
  Sizes s{environment.libraries.stream(), maps_of(spec.inputs[0]), maps_of(spec.output),
          spec.output.count()};

  static const T* x(const B& b, std::size_t i = 0) { return static_cast<const T*>(b.x[i]); }
  static T* y(const B& b) { return static_cast<T*>(b.y); }
  static T* d_y(const B& b) { return static_cast<T*>(b.d_y); }
  static T* d_x(const B& b, std::size_t i = 0) { return static_cast<T*>(b.d_x[i]); }

  std::shared_ptr<const Tensor> constant(const std::vector<float>& values) const {
    return std::make_shared<const Tensor>(upload(environment.context, values, DType::f32));
  }
  static kernels::PoolWindow pool_window(const Window& w) {
    return {w.kernel.h, w.kernel.w, w.stride.h,   w.stride.w,
            w.pad.top,  w.pad.left, w.pad.bottom, w.pad.right};
  }
  Step::Needs state(std::size_t bytes) const {
    Step::Needs needs;
    if (spec.backward) needs.state = bytes;
    return needs;
  }

  StepPtr operator()(const op::Normalise& o) const {
    const auto mean = constant(o.mean), std = constant(o.std);
    const float scale = o.scale;
    const bool reverse = o.reverse;
    return call(
        {},
        [=, s = s](const B& b) {
          k::normalise(s.stream, static_cast<const float*>(b.x[0]), y(b), s.out, mean->data(),
                       std->data(), scale, reverse);
        },
        [=, s = s](const B& b, ReluRule) {
          k::normalise_backward(s.stream, d_y(b), static_cast<float*>(b.d_x[0]), s.out, std->data(),
                                scale, reverse);
        });
  }
  StepPtr operator()(const op::ReflectPad& o) const {
    return call(
        {},
        [s = s, p = o.pad](const B& b) {
          k::reflect_pad(s.stream, x(b), y(b), s.in, p.top, p.left, p.bottom, p.right);
        },
        [s = s, p = o.pad](const B& b, ReluRule) {
          k::reflect_pad_backward(s.stream, d_y(b), d_x(b), s.in, p.top, p.left, p.bottom, p.right);
        });
  }
  /// Only where no convolution could fold it.
  StepPtr operator()(const op::BatchNorm&) const {
    const ScaleShift line = step_scale_shift(spec);
    const auto scale = constant(line.a), shift = constant(line.b);
    return call(
        {},
        [=, s = s](const B& b) {
          k::scale_shift(s.stream, x(b), y(b), s.in, scale->data(), shift->data());
        },
        [=, s = s](const B& b, ReluRule) {
          k::scale_shift_backward(s.stream, d_y(b), d_x(b), s.in, scale->data());
        });
  }
  StepPtr operator()(const op::Relu&) const {
    const auto mask = [keep = spec.backward](const B& b) {
      return keep ? static_cast<std::uint32_t*>(b.state) : nullptr;
    };
    return call(
        state(mask_bytes(s.count)),
        [=, s = s](const B& b) { k::relu(s.stream, x(b), y(b), mask(b), s.count); },
        [=, s = s](const B& b, ReluRule rule) {
          k::relu_backward(s.stream, d_y(b), mask(b), d_x(b), s.count, kernel_rule(rule));
        });
  }
  StepPtr operator()(const op::LeakyRelu& o) const {
    return call(
        {.output = true},
        [s = s, o](const B& b) { k::leaky_relu(s.stream, x(b), y(b), s.count, o.slope); },
        [s = s, o](const B& b, ReluRule) {
          k::leaky_relu_backward(s.stream, d_y(b), y(b), d_x(b), s.count, o.slope);
        });
  }
  StepPtr operator()(const op::Elu& o) const {
    return call(
        {.output = true},
        [s = s, o](const B& b) { k::elu(s.stream, x(b), y(b), s.count, o.alpha); },
        [s = s, o](const B& b, ReluRule) {
          k::elu_backward(s.stream, d_y(b), y(b), d_x(b), s.count, o.alpha);
        });
  }
  StepPtr operator()(const op::MaxPool& o) const {
    const auto window = pool_window(o.window);
    const auto argmax = [keep = spec.backward](const B& b) {
      return keep ? static_cast<std::uint8_t*>(b.state) : nullptr;
    };
    return call(
        state(static_cast<std::size_t>(s.count)),
        [=, s = s](const B& b) {
          k::max_pool(s.stream, x(b), y(b), argmax(b), s.in, s.out, window);
        },
        [=, s = s](const B& b, ReluRule) {
          k::max_pool_backward(s.stream, d_y(b), argmax(b), d_x(b), s.in, s.out, window);
        });
  }
  StepPtr operator()(const op::AvgPool& o) const {
    const auto window = pool_window(o.window);
    const bool count_pad = o.count_pad;
    return call(
        {},
        [=, s = s](const B& b) {
          k::avg_pool(s.stream, x(b), y(b), s.in, s.out, window, count_pad);
        },
        [=, s = s](const B& b, ReluRule) {
          k::avg_pool_backward(s.stream, d_y(b), d_x(b), s.in, s.out, window, count_pad);
        });
  }
  StepPtr operator()(const op::AdaptiveAvgPool&) const {
    return call(
        {}, [s = s](const B& b) { k::adaptive_avg_pool(s.stream, x(b), y(b), s.in, s.out); },
        [s = s](const B& b, ReluRule) {
          k::adaptive_avg_pool_backward(s.stream, d_y(b), d_x(b), s.in, s.out);
        });
  }
  StepPtr operator()(const op::Lrn& o) const {
    const kernels::LrnParams params{o.size, o.alpha, o.beta, o.k};
    return call(
        {.input = true}, [=, s = s](const B& b) { k::lrn(s.stream, x(b), y(b), s.in, params); },
        [=, s = s](const B& b, ReluRule) {
          k::lrn_backward(s.stream, d_y(b), x(b), d_x(b), s.in, params);
        });
  }
  StepPtr operator()(const op::Softmax&) const {
    return call(
        {.output = true}, [s = s](const B& b) { k::softmax(s.stream, x(b), y(b), s.in); },
        [s = s](const B& b, ReluRule) {
          k::softmax_backward(s.stream, d_y(b), y(b), d_x(b), s.in);
        });
  }
  /// Only where no convolution could take it as its residual.
  StepPtr operator()(const op::Add&) const {
    const std::size_t bytes = static_cast<std::size_t>(s.count) * sizeof(T);
    return call(
        {},
        [=, s = s](const B& b) {
          copy(s.stream, x(b, 0), y(b), bytes);
          k::add(s.stream, x(b, 1), y(b), s.count);
        },
        [=, s = s](const B& b, ReluRule) {
          for (void* d_x : b.d_x) {
            if (d_x) copy(s.stream, d_y(b), d_x, bytes);
          }
        });
  }
  StepPtr operator()(const op::Concat&) const {
    std::vector<kernels::Maps> inputs;
    for (const Shape& input : spec.inputs) inputs.push_back(maps_of(input));
    return call(
        {},
        [=, s = s](const B& b) {
          std::int64_t at = 0;
          for (std::size_t i = 0; i < inputs.size(); at += inputs[i++].c) {
            k::concat(s.stream, x(b, i), y(b), inputs[i], s.out.c, at);
          }
        },
        [=, s = s](const B& b, ReluRule) {
          std::int64_t at = 0;
          for (std::size_t i = 0; i < inputs.size(); at += inputs[i++].c) {
            if (d_x(b, i)) k::concat_backward(s.stream, d_y(b), d_x(b, i), inputs[i], s.out.c, at);
          }
        });
  }
  StepPtr operator()(const op::PadChannels& o) const {
    const std::size_t bytes = static_cast<std::size_t>(s.count) * sizeof(T);
    const int at = o.before;
    return call(
        {},
        [=, s = s](const B& b) {
          check(cudaMemsetAsync(b.y, 0, bytes, s.stream), "cudaMemsetAsync");
          k::concat(s.stream, x(b), y(b), s.in, s.out.c, at);
        },
        [=, s = s](const B& b, ReluRule) {
          k::concat_backward(s.stream, d_y(b), d_x(b), s.in, s.out.c, at);
        });
  }
  StepPtr operator()(const op::Flatten&) const {
    return call(
        {}, [s = s](const B& b) { k::flatten(s.stream, x(b), y(b), s.in); },
        [s = s](const B& b, ReluRule) { k::flatten_backward(s.stream, d_y(b), d_x(b), s.in); });
  }
  // These have files of their own, and those are no steps.
  StepPtr operator()(const op::Conv&) const { return never(); }
  StepPtr operator()(const op::Linear&) const { return never(); }
  StepPtr operator()(const op::Input&) const { return never(); }
  StepPtr operator()(const op::Dropout&) const { return never(); }

 private:
  [[noreturn]] StepPtr never() const {
    throw Error("layer '" + spec.name + "' (" + kind(spec.op) + ") is no kernel");
  }
};

}  // namespace

StepPtr make_kernel_step(const StepEnvironment& environment, const StepSpec& spec) {
  if (environment.context.storage() == DType::bf16) {
    return std::visit(Lower<kernels::bf16>{environment, spec}, spec.op);
  }
  return std::visit(Lower<float>{environment, spec}, spec.op);
}

}  // namespace phosphene::cuda
