#pragma once
#include <algorithm>
#include <vector>

#include "engine/cone/plan.hpp"

namespace phosphene::cone {

constexpr double kElement = 4;  // bytes; half with bf16, where multiply-adds are as much cheaper

/// What one step costs, by the rectangle that it computes.
struct StepCost {
  double macs_per_pixel = 0;
  double weight_bytes = 0;
  double channels = 0;
  bool whole = false;
  std::vector<double> in_channels;
  std::vector<Reach> rows, cols;

  explicit StepCost(const StepSpec& spec)
      : channels(static_cast<double>(spec.output.c)), whole(needs_whole_map(spec)) {
    for (std::size_t i = 0; i < spec.inputs.size(); ++i) {
      in_channels.push_back(static_cast<double>(spec.inputs[i].c));
      rows.push_back(reach_of(spec, i, Axis::rows));
      cols.push_back(reach_of(spec, i, Axis::cols));
    }
    if (const auto* conv = std::get_if<op::Conv>(&spec.op)) {
      macs_per_pixel = channels * in_channels[0] / static_cast<double>(conv->groups) *
                       conv->window.kernel.h * conv->window.kernel.w;
      weight_bytes = macs_per_pixel * kElement;
    } else if (std::holds_alternative<op::Linear>(spec.op)) {
      macs_per_pixel = channels * in_channels[0];
      weight_bytes = macs_per_pixel * kElement;
    }
  }

  double macs(Extents out) const { return macs_per_pixel * static_cast<double>(out.pixels()); }

  /// Of all inputs, or of those that a rectangle copies: a step that reads one input pixel by pixel
  /// reads the rectangle before it.
  double input_bytes(Extents out, bool copied = false) const {
    double elements = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (copied && rows.size() == 1 && rows[i].one_to_one() && cols[i].one_to_one()) continue;
      elements += in_channels[i] * static_cast<double>(rows[i].read(0, out.h).size() *
                                                       cols[i].read(0, out.w).size());
    }
    return elements * kElement;
  }
  double held_bytes(Extents out) const {
    return input_bytes(out) + channels * static_cast<double>(out.pixels()) * kElement;
  }

  /// Seconds for one window: arithmetic and memory overlap within a step, but a rectangle's inputs
  /// are copied before they are read.
  double seconds(Extents out, bool copies, const Costs& costs) const {
    return std::max(macs(out) / costs.macs_per_second, held_bytes(out) / costs.bytes_per_second) +
           (copies ? 2 * input_bytes(out, true) / costs.bytes_per_second : 0);
  }
};

}  // namespace phosphene::cone
