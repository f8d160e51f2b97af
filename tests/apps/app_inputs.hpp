#pragma once
#include <map>
#include <string>

#include "phosphene/network.hpp"

namespace phosphene::test {

using Arrays = std::map<std::string, HostArray>;

/// VGG-19 to conv5_1 with torchvision's names and 4, 4, 8, 8, 8 channels, of a fixed seed.
Arrays tiny_vgg19();

/// Writes `arrays` as a safetensors file of fp32.
void write_weights(const std::string& path, const Arrays& arrays);

/// Writes a picture of soft waves and one hard edge, different for each `seed`.
void write_picture(const std::string& path, std::int64_t width, std::int64_t height, int seed);

}  // namespace phosphene::test
