#pragma once
#include <cstdint>
#include <span>

#include "engine/bounds/interval_network.hpp"

namespace phosphene::bounds {

/// Lower bounds of z_label - z_j of a network whose tap is its scores: host [batch, classes, 1, 1],
/// 0 at the label, -inf where there is none. Images and epsilons as IntervalNetwork::forward's.
Tensor margins(const Context& context, IntervalNetwork& network, const Tensor& images,
               const Tensor& epsilons, std::span<const std::int32_t> labels);

}  // namespace phosphene::bounds
