#pragma once
#include "engine/models/builder.hpp"

namespace phosphene {

/// DenseNet-121, 161, 169 and 201 (Huang et al. 2017) as torchvision and timm have them: a layer
/// reads all maps before it. A block's output, and what a layer hands on (its name with .concat),
/// are the maps so far.
void densenet(ModelBuilder& builder);
const std::vector<std::string>& densenet_names();

}  // namespace phosphene
