#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "phosphene/tensor.hpp"

namespace phosphene {

struct ImageOptions {
  double max_megapixels = 90;
  /// Called with one line for everything that was dropped: alpha, 16 bit, an ICC profile.
  std::function<void(const std::string&)> warn;
};

/// Reads a JPEG, PNG or BMP as RGB in [0,1], a host tensor [1, 3, h, w]; EXIF orientation is
/// applied. Throws Error that names the file for anything else.
Tensor load_image(const std::string& path, const ImageOptions& options = {});

/// Writes the first image of a host tensor [n, 3 or 1, h, w] in [0,1] as .png or .jpg, rounded
/// to 8 bits, under a temporary name that is renamed at the end. Throws Error.
void save_image(const std::string& path, const Tensor& image);

/// Throws the Error that save_image would, as far as it can be known beforehand: an extension
/// that is not served, a folder that is not there or not writable.
void check_writable_image(const std::string& path);

}  // namespace phosphene
