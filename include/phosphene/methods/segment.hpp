#pragma once
#include <cstdint>

#include "phosphene/tensor.hpp"

namespace phosphene {

/// Simonyan et al. (2014): what is more salient than 95 % of the pixels is surely object, what is
/// less than 30 % surely background; GrabCut (Rother, Kolmogorov and Blake 2004) learns the colours
/// of both and cuts.
struct SegmentOptions {
  float foreground = 0.95F, background = 0.30F;  ///< quantiles of the map
  int iterations = 5;
};

/// The object in an image [1, 3, h, w] in [0,1], by its map [1, 1, h, w]; host both. Returns
/// [1, 1, h, w], 1 on the object and 0 around it; all 0 where the map is the same everywhere.
/// Throws Error in a build without OpenCV's imgproc.
Tensor segment(const Tensor& image, const Tensor& map, const SegmentOptions& options = {});

/// Does this build have it?
bool has_segment();

}  // namespace phosphene
