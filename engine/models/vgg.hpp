#pragma once
#include "engine/models/builder.hpp"

namespace phosphene {

/// VGG (Simonyan and Zisserman 2015). Drawn ones end with their features, which is what people
/// paint with.
void vgg(ModelBuilder& builder);
const std::vector<std::string>& vgg_names();

}  // namespace phosphene
