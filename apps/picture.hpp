#pragma once
#include <cstddef>

#include "phosphene/receptive_field.hpp"
#include "phosphene/tensor.hpp"

namespace apps {

/// Image i of a host batch: a view [1, c, h, w].
phosphene::Tensor image_of(const phosphene::Tensor& batch, std::size_t i);

/// The box alone, of a picture [1, 3, h, w].
phosphene::Tensor cut(const phosphene::Tensor& picture, const phosphene::PixelBox& box);

/// Frames the box in white and black, wide enough to be seen on the whole picture.
void draw(phosphene::Tensor& picture, const phosphene::PixelBox& box);

}  // namespace apps
