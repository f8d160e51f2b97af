#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "phosphene/graph.hpp"
#include "phosphene/models.hpp"

namespace phosphene {

/// What a network makes of pixels, and the square of them that it was trained on.
struct Preprocessing {
  op::Normalise pixels;
  std::int64_t size = 0;  ///< its side; 0: unknown
};

/// What torchvision's and timm's ImageNet models were trained on: RGB in [0,1], less the mean
/// (.485, .456, .406), over (.229, .224, .225).
op::Normalise imagenet_input();
/// What Caffe's models were: BGR in 0..255, less the mean (104, 117, 123).
op::Normalise caffe_input();

/// Reads the `input` entry of a weights file's metadata:
///   [1x3xHxW] (RGB|BGR) [float] [,] what [, HxW] [; remarks]
/// where `what` is either of
///   ([0,1]|0..1|0..255) [minus (a,b,c)] [over (d,e,f)]
///   x/255 [- m]  or  (x/255 - m) / s     with m, s a number, (a,b,c), or the words mean and std,
/// which stand for those of `named`. Throws Error that names `source` where it is anything else.
Preprocessing parse_input(const std::string& text, const std::string& source,
                          const op::Normalise& named = imagenet_input());

/// What a network reads: what `options` ask for, else what the file's metadata say, else `usual`,
/// the family's. Throws Error that names `source`, UsageError that names the flag.
Preprocessing preprocessing_of(const std::map<std::string, std::string>& metadata,
                               const std::string& source, Preprocessing usual,
                               const NetworkOptions& options);

}  // namespace phosphene
