#pragma once
#include <cstdint>
#include <string_view>

#include "phosphene/graph.hpp"

namespace phosphene {

/// Pixels [top, top + height) x [left, left + width).
struct PixelBox {
  std::int64_t top = 0, left = 0, height = 0, width = 0;
  bool operator==(const PixelBox&) const = default;
};

/// What element (y, x) of `layer`, in any channel, can depend on of an image {1, c, h, w}: the
/// windows of all layers before it followed back, branches united, clipped to the image. Throws
/// UsageError for a layer or a place that is not there, Error as Graph::infer_shapes.
PixelBox receptive_field(const Graph& graph, std::string_view layer, std::int64_t y, std::int64_t x,
                         const Shape& image);

}  // namespace phosphene
