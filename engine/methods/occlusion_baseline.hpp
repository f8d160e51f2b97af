#pragma once
#include "phosphene/methods/occlusion.hpp"

namespace phosphene {

/// The picture [1, c, h, w] on the host whose pixels hide those of a window; `image` is on the host
/// and of the same shape. Empty for noise, which is no picture: it differs from window to window.
/// Where it is options.picture, a view of that.
Tensor occlusion_baseline(const Tensor& image, const OcclusionOptions& options);

}  // namespace phosphene
