#pragma once
#include "engine/models/builder.hpp"

namespace phosphene {

/// GoogLeNet (Szegedy et al. 2015). googlenet_bvlc: Caffe's, without BatchNorm, with local response
/// normalisation and 5x5 convolutions, its nodes named as there (inception_4c/output), its file's
/// arrays so too or as in torchvision's modules. googlenet: torchvision's, with BatchNorm and 3x3
/// in the place of 5x5, nodes named as its modules (inception4c, inception4c.branch2.1.conv).
void googlenet(ModelBuilder& builder);
const std::vector<std::string>& googlenet_names();

}  // namespace phosphene
