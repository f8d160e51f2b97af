#pragma once
#include "engine/models/builder.hpp"

namespace phosphene {

/// Small sequential networks for CIFAR's images of 32 pixels: ConvNetJS's demo, and the one that
/// Wong and Kolter (2018) train for a provable bound.
void small(ModelBuilder& builder);
const std::vector<std::string>& small_names();

}  // namespace phosphene
