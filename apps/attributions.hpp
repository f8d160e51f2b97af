#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "phosphene/context.hpp"
#include "phosphene/network.hpp"
#include "phosphene/tensor.hpp"

namespace apps {

/// Every method that says where a network looks, under one signature.
struct Attribution {
  std::string name;
  /// images, host [n, 3, h, w], to the maps of one class at their size, host [n, 1, h, w].
  /// `indices` are the images' numbers, which key what is random.
  std::function<phosphene::Tensor(const phosphene::Context& context,
                                  const phosphene::Network& network,
                                  const phosphene::Tensor& images,
                                  const std::vector<std::int64_t>& indices, std::int64_t label)>
      maps;
};

/// The methods of saliency.hpp (the maximum over the channels of the absolute value), those of
/// cam.hpp (enlarged bilinearly; guided Grad-CAM as saliency) and occlusion (a grey patch of 12
/// pixels, stride 4, drop of the probability), by the names that the apps have for them. All other
/// options are the methods' defaults.
const std::vector<Attribution>& attributions();

}  // namespace apps
