// The layers that carry a radius: W x + b becomes |W| r + rounding.
#pragma once
#include <cstdint>

#include "engine/session/lowering.hpp"
#include "phosphene/network.hpp"

namespace phosphene::bounds {

/// How a node moves an interval.
enum class Kind : std::uint8_t {
  affine,   ///< by its middle and its radius
  monotone  ///< by its two ends
};
/// Throws UsageError that names the layer where there are no bounds of it: Lrn, Softmax, Elu, a
/// LeakyRelu that falls.
Kind kind_of(const StepSpec& spec);

/// Products in each of an affine node's sums, with bias and residual.
std::int64_t terms_of(const StepSpec& spec);

/// The step that makes the radius: `spec` with the absolute values of its weights, which join
/// `weights` under the step's name, and a bias of `rounding` |b|. The caller sets its network.
StepSpec absolute(const StepSpec& spec, float rounding, Weights& weights);

}  // namespace phosphene::bounds
