#pragma once
#include "engine/models/builder.hpp"

namespace phosphene {

/// SqueezeNet 1.0 and 1.1 (Iandola et al. 2016) under torchvision's names. It ends in a convolution
/// with a map a class, averaged.
void squeezenet(ModelBuilder& builder);
const std::vector<std::string>& squeezenet_names();

}  // namespace phosphene
