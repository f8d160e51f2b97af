#pragma once
#include <string>

#include "phosphene/tensor.hpp"

namespace phosphene {

/// Throws UsageError where the image is not one of a batch of this shape, or not in [0,1]. `what`
/// begins the message: "image 3: ".
void check_image(const std::string& what, const Shape& images, const Tensor& image);

}  // namespace phosphene
