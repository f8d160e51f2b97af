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

/// gradient, gradient_x_input, smoothgrad, integrated_gradients, guided_backprop, deconvnet (each
/// the maximum of its absolute value over the channels); cam, grad_cam (enlarged bilinearly),
/// guided_grad_cam (maximum of the absolute value); occlusion (a grey patch of 12 of 64 pixels,
/// stride 4, drop of the probability). All other options are the methods' defaults.
const std::vector<Attribution>& attributions();

}  // namespace apps
