#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "phosphene/tensor.hpp"

namespace phosphene {

/// jet: blue, green, yellow, red, as most Grad-CAM pictures. viridis: even steps of lightness.
/// grey: black to white. diverging: blue below the middle of the range, red above.
enum class ColourMap : std::uint8_t { jet, viridis, grey, diverging };
/// Throws UsageError, with the names, where there is no such map.
ColourMap parse_colour_map(const std::string& name);

/// The values that get the first and the last colour; what lies beyond them gets those too.
/// low > high turns the colours around.
struct ValueRange {
  float low = 0, high = 1;
};

struct HeatmapOptions {
  ColourMap colours = ColourMap::jet;
  float opacity = 0.5F;               ///< of the colours over the photograph, in [0,1]
  std::optional<ValueRange> range{};  ///< without one: range_of(map, colours)
};

/// From the least to the largest value of a host map; for `diverging` as far to either side of 0.
/// Of the values beyond the middle a share `clipped` may lie outside, so that a few outliers do not
/// leave the rest dark. NaN is no value.
ValueRange range_of(const Tensor& map, ColourMap colours, float clipped = 0);

/// A host map [1, 1, h, w] in colours: [1, 3, h, w] in [0,1].
Tensor colourise(const Tensor& map, const HeatmapOptions& options);

/// The colours of a map [1, 1, mh, mw] over a photograph [1, 3, h, w], host both: (1 - opacity)
/// photo + opacity colour. A map of another size is enlarged first (upsample() of framing.hpp).
/// Where the map is NaN the photograph is left as it is.
Tensor overlay(const Tensor& photo, const Tensor& map, const HeatmapOptions& options);

/// A signed picture [1, 3, h, w], such as a gradient, made visible: 0.5 + x / (2 max |x|), where a
/// share `clipped` of the values may lie beyond the maximum; NaN becomes grey.
Tensor centred(const Tensor& signed_picture, float clipped = 0);

}  // namespace phosphene
