// Node types to steps on the CPU: oneDNN multiplies, our kernels do the rest.
#include "engine/session/lowering.hpp"

#include <algorithm>
#include <cstring>

#include "engine/cpu/conv_step.hpp"
#include "engine/cpu/gemm.hpp"
#include "engine/session/call_step.hpp"
#include "kernels/activation.hpp"
#include "kernels/avg_pool.hpp"
#include "kernels/bias.hpp"
#include "kernels/concat.hpp"
#include "kernels/flatten.hpp"
#include "kernels/lrn.hpp"
#include "kernels/max_pool.hpp"
#include "kernels/normalise.hpp"
#include "kernels/reflect_pad.hpp"
#include "kernels/relu.hpp"
#include "kernels/scale_shift.hpp"
#include "kernels/softmax.hpp"
#include "kernels/vector.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

namespace k = kernels::cpu;
using kernels::Maps;

using B = StepBuffers;
using StepPtr = std::unique_ptr<Step>;

/// Weights of a linear layer that is multiplied image by image, at most.
constexpr std::int64_t kWidestByImage = 1 << 22;

Maps maps_of(const Shape& s) { return {s.n, s.h, s.w, s.c}; }
const float* x(const B& b, std::size_t i = 0) { return static_cast<const float*>(b.x[i]); }
float* y(const B& b) { return static_cast<float*>(b.y); }
float* d_y(const B& b) { return static_cast<float*>(b.d_y); }
float* d_x(const B& b, std::size_t i = 0) { return static_cast<float*>(b.d_x[i]); }

kernels::PoolWindow pool_window(const Window& w) {
  return {w.kernel.h, w.kernel.w, w.stride.h,   w.stride.w,
          w.pad.top,  w.pad.left, w.pad.bottom, w.pad.right};
}

StepPtr call(Step::Needs needs, CallStep::Forward forward, CallStep::Backward backward) {
  return std::make_unique<CallStep>(needs, std::move(forward), std::move(backward));
}

/// One overload a node type.
struct Lower {
  const Context& context;
  const std::shared_ptr<cpu::Runtime>& runtime;
  const StepSpec& spec;
  Maps in = maps_of(spec.inputs[0]);
  Maps out = maps_of(spec.output);
  std::int64_t count = spec.output.count();

  StepPtr operator()(const op::Conv&) const { return cpu::conv_step(runtime, context, spec); }

  StepPtr operator()(const op::Normalise& o) const {
    return call(
        {},
        [=, *this](const B& b) {
          k::normalise(x(b), y(b), in, o.mean.data(), o.std.data(), o.scale, o.reverse);
        },
        [=, *this](const B& b, ReluRule) {
          k::normalise_backward(d_y(b), d_x(b), in, o.std.data(), o.scale, o.reverse);
        });
  }
  StepPtr operator()(const op::ReflectPad& o) const {
    const Padding p = o.pad;
    return call(
        {},
        [=, *this](const B& b) {
          k::reflect_pad(x(b), y(b), in, p.top, p.left, p.bottom, p.right);
        },
        [=, *this](const B& b, ReluRule) {
          k::reflect_pad_backward(d_y(b), d_x(b), in, p.top, p.left, p.bottom, p.right);
        });
  }
  StepPtr operator()(const op::BatchNorm&) const {
    return call(
        {},
        [=, *this, w = step_scale_shift(spec)](const B& b) {
          k::scale_shift(x(b), y(b), in, w.a.data(), w.b.data());
        },
        [=, *this, w = step_scale_shift(spec)](const B& b, ReluRule) {
          k::scale_shift_backward(d_y(b), d_x(b), in, w.a.data());
        });
  }
  StepPtr operator()(const op::Relu&) const {
    const auto mask = [](const B& b) { return static_cast<std::uint32_t*>(b.state); };
    const bool keep = spec.backward;
    Step::Needs needs;
    needs.state = keep ? static_cast<std::size_t>(kernels::mask_words(count)) * 4 : 0;
    return call(
        needs, [=, *this](const B& b) { k::relu(x(b), y(b), keep ? mask(b) : nullptr, count); },
        [=, *this](const B& b, ReluRule rule) {
          k::relu_backward(d_y(b), mask(b), d_x(b), count, static_cast<kernels::ReluRule>(rule));
        });
  }
  StepPtr operator()(const op::LeakyRelu& o) const {
    return call(
        reads_output(), [=, *this](const B& b) { k::leaky_relu(x(b), y(b), count, o.slope); },
        [=, *this](const B& b, ReluRule) {
          k::leaky_relu_backward(d_y(b), y(b), d_x(b), count, o.slope);
        });
  }
  StepPtr operator()(const op::Elu& o) const {
    return call(
        reads_output(), [=, *this](const B& b) { k::elu(x(b), y(b), count, o.alpha); },
        [=, *this](const B& b, ReluRule) {
          k::elu_backward(d_y(b), y(b), d_x(b), count, o.alpha);
        });
  }
  StepPtr operator()(const op::MaxPool& o) const {
    const auto window = pool_window(o.window);
    const bool keep = spec.backward;
    Step::Needs needs;
    needs.state = keep ? static_cast<std::size_t>(count) : 0;
    const auto argmax = [](const B& b) { return static_cast<std::uint8_t*>(b.state); };
    return call(
        needs,
        [=, *this](const B& b) {
          k::max_pool(x(b), y(b), keep ? argmax(b) : nullptr, in, out, window);
        },
        [=, *this](const B& b, ReluRule) {
          k::max_pool_backward(d_y(b), argmax(b), d_x(b), in, out, window);
        });
  }
  StepPtr operator()(const op::AvgPool& o) const {
    const auto window = pool_window(o.window);
    const bool count_pad = o.count_pad;
    return call(
        {}, [=, *this](const B& b) { k::avg_pool(x(b), y(b), in, out, window, count_pad); },
        [=, *this](const B& b, ReluRule) {
          k::avg_pool_backward(d_y(b), d_x(b), in, out, window, count_pad);
        });
  }
  StepPtr operator()(const op::AdaptiveAvgPool&) const {
    return call(
        {}, [=, *this](const B& b) { k::adaptive_avg_pool(x(b), y(b), in, out); },
        [=, *this](const B& b, ReluRule) {
          k::adaptive_avg_pool_backward(d_y(b), d_x(b), in, out);
        });
  }
  StepPtr operator()(const op::Lrn& o) const {
    const kernels::LrnParams params{o.size, o.alpha, o.beta, o.k};
    Step::Needs needs;
    needs.input = true;
    return call(
        needs, [=, *this](const B& b) { k::lrn(x(b), y(b), in, params); },
        [=, *this](const B& b, ReluRule) { k::lrn_backward(d_y(b), x(b), d_x(b), in, params); });
  }
  StepPtr operator()(const op::Linear&) const {
    const std::int64_t n = spec.output.n, features = spec.output.c, inputs = spec.inputs[0].c;
    const auto array = [&](const char* name, auto member) {
      return spec.network
          ->lowered(
              "cpu/" + spec.weights + name,
              [&] {
                const StepWeights w = step_weights(spec);
                Tensor t = context.empty({1, 1, 1, static_cast<std::int64_t>((w.*member).size())});
                std::ranges::copy(w.*member, t.data());
                return t;
              })
          .data();
    };
    const float* weight = array("/weight", &StepWeights::weight);
    const float* bias = array("/bias", &StepWeights::bias);
    // The order in which oneDNN adds up a score follows from the number of images. Image by image
    // it is the same in any batch; only the widest layers, which take their time in reading the
    // weights, read them once for all.
    const std::int64_t at_once = features * inputs > kWidestByImage ? n : 1;
    return call(
        {},
        [=, *this](const B& b) {
          for (std::int64_t i = 0; i < n; i += at_once) {
            cpu::gemm(false, true, at_once, features, inputs, 1, x(b) + i * inputs, inputs, weight,
                      inputs, 0, y(b) + i * features, features);
          }
          k::bias<float>(y(b), bias, nullptr, out, false);
        },
        [=](const B& b, ReluRule) {
          cpu::gemm(false, false, n, inputs, features, 1, d_y(b), features, weight, inputs, 0,
                    d_x(b), inputs);
        });
  }
  StepPtr operator()(const op::Add&) const {
    const auto bytes = static_cast<std::size_t>(count) * sizeof(float);
    return call(
        {},
        [=, *this](const B& b) {
          std::memcpy(y(b), x(b, 0), bytes);
          k::add(x(b, 1), y(b), count);
        },
        [=](const B& b, ReluRule) {
          std::memcpy(d_x(b, 0), d_y(b), bytes);
          std::memcpy(d_x(b, 1), d_y(b), bytes);
        });
  }
  StepPtr operator()(const op::Concat&) const {
    const auto each = [inputs = spec.inputs](auto visit) {
      std::int64_t at = 0;
      for (std::size_t i = 0; i < inputs.size(); at += inputs[i].c, ++i) {
        visit(i, maps_of(inputs[i]), at);
      }
    };
    const std::int64_t c = spec.output.c;
    return call(
        {},
        [=](const B& b) {
          each([&](std::size_t i, Maps maps, std::int64_t at) {
            k::concat(x(b, i), y(b), maps, c, at);
          });
        },
        [=](const B& b, ReluRule) {
          each([&](std::size_t i, Maps maps, std::int64_t at) {
            k::concat_backward(d_y(b), d_x(b, i), maps, c, at);
          });
        });
  }
  StepPtr operator()(const op::PadChannels& o) const {
    const int at = o.before;
    return call(
        {},
        [=, *this](const B& b) {
          std::memset(y(b), 0, static_cast<std::size_t>(count) * sizeof(float));
          k::concat(x(b), y(b), in, out.c, at);
        },
        [=, *this](const B& b, ReluRule) { k::concat_backward(d_y(b), d_x(b), in, out.c, at); });
  }
  StepPtr operator()(const op::Flatten&) const {
    return call(
        {}, [=, *this](const B& b) { k::flatten(x(b), y(b), in); },
        [=, *this](const B& b, ReluRule) { k::flatten_backward(d_y(b), d_x(b), in); });
  }
  StepPtr operator()(const op::Softmax&) const {
    return call(
        reads_output(), [=, *this](const B& b) { k::softmax(x(b), y(b), in); },
        [=, *this](const B& b, ReluRule) { k::softmax_backward(d_y(b), y(b), d_x(b), in); });
  }
  StepPtr operator()(const op::Input&) const { return never(); }
  StepPtr operator()(const op::Dropout&) const { return never(); }

 private:
  static Step::Needs reads_output() {
    Step::Needs needs;
    needs.output = true;
    return needs;
  }
  [[noreturn]] StepPtr never() const {
    throw Error("layer '" + spec.name + "' (" + kind(spec.op) + ") is no step");
  }
};

class CpuLowering final : public Lowering {
 public:
  explicit CpuLowering(const Context& context) : context_(context) {}
  DType storage() const override { return DType::f32; }
  StepPtr lower(const StepSpec& spec) override {
    return std::visit(Lower{context_, runtime_, spec}, spec.op);
  }
  void add(const void* from, void* to, std::int64_t count) override {
    k::add(static_cast<const float*>(from), static_cast<float*>(to), count);
  }
  void zero(void* to, std::int64_t count) override {
    std::memset(to, 0, static_cast<std::size_t>(count) * sizeof(float));
  }

 private:
  const Context& context_;
  std::shared_ptr<cpu::Runtime> runtime_ = std::make_shared<cpu::Runtime>();
};

}  // namespace

std::unique_ptr<Lowering> make_cpu_lowering(const Context& context) {
  return std::make_unique<CpuLowering>(context);
}

}  // namespace phosphene
