#pragma once
#include <vector>

#include "engine/session/fuse.hpp"
#include "engine/session/lowering.hpp"

namespace phosphene {

/// What a lowering is told of every fused step, in the order to run; `shapes` are by node.
std::vector<StepSpec> step_specs(const Network& network, const FusedGraph& fused,
                                 const std::vector<Shape>& shapes, bool backward);

}  // namespace phosphene
