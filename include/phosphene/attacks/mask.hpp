#pragma once
#include <cstdint>
#include <string>

#include "phosphene/tensor.hpp"

namespace phosphene {

/// Where a perturbation may be, [1, 1, h, w] on the host: 1 may change, 0 may not.

/// A picture of the size of the images, white where they may change (a luma of half or more), or a
/// .npy array [h, w] whose numbers other than 0 say so. Throws Error that names the file where its
/// size is another, or where nothing may change.
Tensor load_mask(const std::string& path, std::int64_t height, std::int64_t width);

/// A sticker: the rectangle [left, right) x [top, bottom), in fractions of the picture.
struct Sticker {
  double left = 0, top = 0, right = 1, bottom = 1;
};
Tensor sticker_mask(std::int64_t height, std::int64_t width, const Sticker& sticker);

/// A frame of eyeglasses (Sharif et al. 2016) on a face that fills the picture: two rings, a bridge
/// between them and the temples, 8 % of the pixels.
Tensor eyeglasses_mask(std::int64_t height, std::int64_t width);

}  // namespace phosphene
