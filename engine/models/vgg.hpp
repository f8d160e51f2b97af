#pragma once
#include <cstdint>
#include <string>

#include "phosphene/network.hpp"

namespace phosphene {

/// VGG (Simonyan and Zisserman 2015) around the arrays of `weights`; see make_model.
Graph vgg(const std::string& model, const Weights& weights);
const std::vector<std::string>& vgg_names();

/// Convolutions of the full width drawn from N(0, 2 / fan_in) (He et al. 2015), biases 0: what a
/// network sees that has learnt nothing. Throws UsageError for one with BatchNorm.
Weights random_vgg(const std::string& model, std::uint64_t seed);

}  // namespace phosphene
