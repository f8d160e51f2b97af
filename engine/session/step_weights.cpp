#include <cmath>

#include "engine/session/lowering.hpp"

namespace phosphene {
namespace {

/// The per-channel a and b of a BatchNorm under `prefix`; computed in double, since it is done
/// once and what is folded into the weights multiplies everything after.
ScaleShift scale_shift(const Weights& weights, const std::string& prefix, float eps,
                       std::int64_t channels) {
  const auto get = [&](const char* name) {
    return weights.at(prefix + "." + name, {channels}).values.data();
  };
  const float* gamma = get("weight");
  const float* beta = get("bias");
  const float* mean = get("running_mean");
  const float* var = get("running_var");
  ScaleShift result;
  for (std::int64_t c = 0; c < channels; ++c) {
    const double a = gamma[c] / std::sqrt(double{var[c]} + double{eps});
    result.a.push_back(static_cast<float>(a));
    result.b.push_back(static_cast<float>(beta[c] - a * mean[c]));
  }
  return result;
}

}  // namespace

StepWeights step_weights(const StepSpec& spec) {
  const Weights& weights = spec.network->weights();
  const auto* conv = std::get_if<op::Conv>(&spec.op);
  const bool has_bias = conv ? conv->bias : std::get<op::Linear>(spec.op).bias;
  StepWeights result;
  if (conv) {
    result.shape = {conv->out_channels, spec.inputs[0].c / conv->groups, conv->window.kernel.h,
                    conv->window.kernel.w};
  } else {
    result.shape = {spec.output.c, spec.inputs[0].c};
  }
  result.weight = weights.at(spec.weights + ".weight", result.shape).values;
  const std::int64_t out = result.shape[0];
  result.bias = has_bias ? weights.at(spec.weights + ".bias", {out}).values
                         : std::vector<float>(static_cast<std::size_t>(out), 0.0F);
  if (spec.folded_norm.empty()) return result;

  const ScaleShift norm = scale_shift(weights, spec.folded_norm, spec.folded_eps, out);
  const std::size_t row = result.weight.size() / static_cast<std::size_t>(out);
  for (std::size_t k = 0; k < static_cast<std::size_t>(out); ++k) {
    for (std::size_t i = 0; i < row; ++i) result.weight[k * row + i] *= norm.a[k];
    result.bias[k] = result.bias[k] * norm.a[k] + norm.b[k];
  }
  return result;
}

ScaleShift step_scale_shift(const StepSpec& spec) {
  return scale_shift(spec.network->weights(), spec.weights, std::get<op::BatchNorm>(spec.op).eps,
                     spec.output.c);
}

}  // namespace phosphene
