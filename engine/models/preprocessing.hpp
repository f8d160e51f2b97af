#pragma once
#include <string>

#include "phosphene/graph.hpp"

namespace phosphene {

/// What torchvision's and timm's ImageNet models were trained on: RGB in [0,1], less the mean
/// (.485, .456, .406), over (.229, .224, .225).
op::Normalise imagenet_input();

/// Reads the `input` entry of a weights file's metadata:
///   (RGB|BGR) ([0,1]|0..1|0..255) [minus (a,b,c)] [over (d,e,f)] [; remarks]
/// Throws Error that names `source` where it is anything else.
op::Normalise parse_input(const std::string& text, const std::string& source);

}  // namespace phosphene
