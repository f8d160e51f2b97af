#include "engine/bounds/absolute.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "phosphene/error.hpp"

namespace phosphene::bounds {
namespace {

/// One overload a node type, so that a new one does not compile before it is thought of.
struct KindOf {
  const StepSpec& spec;

  Kind operator()(const op::Normalise&) const { return Kind::affine; }
  Kind operator()(const op::Conv&) const { return Kind::affine; }
  Kind operator()(const op::Linear&) const { return Kind::affine; }
  Kind operator()(const op::BatchNorm&) const { return Kind::affine; }
  Kind operator()(const op::AvgPool&) const { return Kind::affine; }
  Kind operator()(const op::AdaptiveAvgPool&) const { return Kind::affine; }
  Kind operator()(const op::Add&) const { return Kind::affine; }
  // Rounding is monotone too: these are exact in floats.
  Kind operator()(const op::Relu&) const { return Kind::monotone; }
  Kind operator()(const op::MaxPool&) const { return Kind::monotone; }
  Kind operator()(const op::ReflectPad&) const { return Kind::monotone; }
  Kind operator()(const op::Concat&) const { return Kind::monotone; }
  Kind operator()(const op::PadChannels&) const { return Kind::monotone; }
  Kind operator()(const op::Flatten&) const { return Kind::monotone; }
  Kind operator()(const op::LeakyRelu& o) const {
    if (!(o.slope >= 0)) refuse("a slope below 0 makes it fall");
    return Kind::monotone;
  }
  Kind operator()(const op::Elu&) const { refuse("the rounding of its exponential is not known"); }
  Kind operator()(const op::Lrn&) const { refuse("it neither adds up nor is monotone"); }
  Kind operator()(const op::Softmax&) const { refuse("it neither adds up nor is monotone"); }
  Kind operator()(const op::Input&) const { refuse("it is no step"); }
  Kind operator()(const op::Dropout&) const { refuse("it is no step"); }

 private:
  [[noreturn]] void refuse(const char* why) const {
    throw UsageError("layer '" + spec.name + "' (" + kind(spec.op) +
                     "): no interval bounds go through it, as " + why);
  }
};

/// Products in a sum of each affine node.
struct TermsOf {
  const StepSpec& spec;

  std::int64_t operator()(const op::Normalise&) const { return 3; }
  std::int64_t operator()(const op::BatchNorm&) const { return 2; }
  std::int64_t operator()(const op::Add&) const { return 2; }
  std::int64_t operator()(const op::Linear&) const { return spec.inputs[0].c + 1; }
  std::int64_t operator()(const op::Conv& o) const {
    const Extent& kernel = o.window.kernel;
    return spec.inputs[0].c / o.groups * kernel.h * kernel.w + 1 + (spec.residual ? 1 : 0);
  }
  std::int64_t operator()(const op::AvgPool& o) const {
    return std::int64_t{o.window.kernel.h} * o.window.kernel.w + 2;
  }
  std::int64_t operator()(const op::AdaptiveAvgPool&) const { return spec.inputs[0].pixels() + 2; }
  template <class Other>
  std::int64_t operator()(const Other&) const {
    return 0;
  }
};

HostArray absolute_values(std::vector<std::int64_t> shape, std::vector<float> values,
                          float factor = 1) {
  for (float& v : values) v = factor * std::abs(v);
  return {std::move(shape), std::move(values)};
}

}  // namespace

Kind kind_of(const StepSpec& spec) { return std::visit(KindOf{spec}, spec.op); }

std::int64_t terms_of(const StepSpec& spec) { return std::visit(TermsOf{spec}, spec.op); }

StepSpec absolute(const StepSpec& spec, float rounding, Weights& weights) {
  StepSpec result = spec;
  result.relu = false;
  result.folded_norm.clear();
  result.weights = spec.name;
  const std::int64_t c = spec.output.c;
  if (auto* o = std::get_if<op::Normalise>(&result.op)) {
    o->scale = std::abs(o->scale);
    for (float& v : o->std) v = std::abs(v);
    for (float& v : o->mean) v = -rounding * std::abs(v);
  } else if (auto* norm = std::get_if<op::BatchNorm>(&result.op)) {
    const ScaleShift own = step_scale_shift(spec);
    const HostArray zeros{{c}, std::vector<float>(static_cast<std::size_t>(c), 0)};
    const HostArray ones{{c}, std::vector<float>(static_cast<std::size_t>(c), 1)};
    norm->eps = 0;
    weights.set(spec.name + ".weight", absolute_values({c}, own.a));
    weights.set(spec.name + ".bias", absolute_values({c}, own.b, rounding));
    weights.set(spec.name + ".running_mean", zeros);
    weights.set(spec.name + ".running_var", ones);
  } else if (std::holds_alternative<op::Conv>(spec.op) ||
             std::holds_alternative<op::Linear>(spec.op)) {
    StepWeights own = step_weights(spec);
    if (auto* conv = std::get_if<op::Conv>(&result.op)) conv->bias = true;
    if (auto* linear = std::get_if<op::Linear>(&result.op)) linear->bias = true;
    weights.set(spec.name + ".weight", absolute_values(own.shape, std::move(own.weight)));
    weights.set(spec.name + ".bias", absolute_values({c}, std::move(own.bias), rounding));
  }
  return result;
}

}  // namespace phosphene::bounds
