#pragma once
#include "engine/models/builder.hpp"

namespace phosphene {

/// Residual networks (He et al. 2016) as torchvision and timm have them, the stride on the 3x3
/// convolution: resnet18 to resnet152, with the stem of small images where conv1 is 3x3; and the
/// paper's own for CIFAR, resnet20_cifar10 to resnet110_cifar10.
void resnet(ModelBuilder& builder);
const std::vector<std::string>& resnet_names();

}  // namespace phosphene
