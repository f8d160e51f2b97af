#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"
#include "phosphene/defences/transform.hpp"

namespace phosphene {

/// The victim behind transforms, the first of which sees the image. Its gradient runs back through
/// all of them, so that an attack on it is adaptive: where a transform is random, it averages over
/// draws (expectation over transformation, Athalye et al. 2018); where one has no gradient, BPDA.
/// Every stage draws for itself. The context outlives it.
std::unique_ptr<Victim> defended(const Context& context, std::unique_ptr<Victim> victim,
                                 Transforms transforms);

/// The mean of the members' logits: a vote in which confidence counts, whose gradient reaches every
/// member alike. (The logarithm of the mean probability would hand it to the surest member alone;
/// of one network behind several defences the logits have one scale, so that none outweighs the
/// others.) Members agree in images and classes; each draws for itself. Throws UsageError where
/// there are none, or they disagree.
std::unique_ptr<Victim> averaged(const Context& context,
                                 std::vector<std::unique_ptr<Victim>> members);

}  // namespace phosphene
