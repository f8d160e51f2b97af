// Which neuron a method explains, and the seed that goes back from it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "phosphene/methods/target.hpp"
#include "phosphene/session.hpp"

namespace phosphene {

/// Throws UsageError where the maps of the target's layer, [n, c, h, w], have no such neuron.
/// `scores` says that they are the classes' scores: then the message speaks of classes.
void check_target(const Target& target, const Shape& maps, bool scores);

/// The neuron of image i of host maps [n, c, h, w] that `target` means there.
Neuron find_neuron(const Target& target, const Tensor& maps, std::int64_t i);

/// Adds 1 at neurons[i] of image i: the gradient of these neurons' sum.
Seed seed_at(const Context& context, std::string layer, std::vector<Neuron> neurons);

}  // namespace phosphene
