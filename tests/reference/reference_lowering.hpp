// The judge of the other lowerings: naive loops written down from the formulas, in float or double,
// convolution included. It shares no code with kernels/ or with the lowerings that ship.
#pragma once
#include <memory>

#include "engine/session/lowering.hpp"

namespace phosphene::reference {

/// T = float or double. Activations are dense nhwc arrays of T, the image is nchw in T.
template <class T>
std::unique_ptr<Lowering> make_reference_lowering();

}  // namespace phosphene::reference
