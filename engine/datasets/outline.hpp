#pragma once
#include <cstdint>

#include "engine/datasets/draws.hpp"

namespace phosphene::datasets {

/// The classes, in the order of their labels.
enum class Outline : std::uint8_t { disc, ring, square, triangle, star, cross, crescent, heart };
inline constexpr int kOutlines = 8;

/// Whether `p` lies inside the outline of radius 1 around 0, which stands upright; y points down.
bool inside(Outline outline, Point p);

/// Distance from `p` to the segment from `a` to `b`.
double distance_to_segment(Point p, Point a, Point b);

}  // namespace phosphene::datasets
