#pragma once
#include "engine/models/builder.hpp"

namespace phosphene {

/// AlexNet as torchvision has it (Krizhevsky 2014: one tower, no response normalisation).
void alexnet(ModelBuilder& builder);
const std::vector<std::string>& alexnet_names();

}  // namespace phosphene
