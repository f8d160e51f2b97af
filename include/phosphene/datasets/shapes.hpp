#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "phosphene/tensor.hpp"

namespace phosphene {

/// Side of a picture of `shapes`, in pixels.
inline constexpr std::int64_t kShapesSize = 64;

/// One drawn picture, and what is true of it.
struct ShapesSample {
  Tensor image;  ///< host [1, 3, 64, 64], multiples of 1/255 in [0,1], as a file holds them
  Tensor mask;   ///< host [1, 1, 64, 64]: 1 where the object covers half of the pixel, else 0
  std::int64_t label = 0;  ///< index into `shapes_labels()`
};

/// Draws picture `index` of the endless data set `seed`: one object of eight classes of shape, of
/// any place, angle, colour and fill and a radius of 9 to 18 pixels, on a textured background
/// (noise, stripes, a gradient, checks or blotches), among bits and lines that are no class and
/// have the colours of the object. Nothing but the shape tells the class. Every eight pictures from
/// a multiple of eight hold each class once, in any order.
///
/// The same (seed, index) is the same bytes on every machine: random numbers are a hash of (seed,
/// index, count), and the arithmetic is IEEE double's + - * / and square root alone.
ShapesSample shapes(std::uint64_t seed, std::uint64_t index);

/// The label alone, which needs no drawing.
std::int64_t shapes_label(std::uint64_t seed, std::uint64_t index);

/// disc, ring, square, triangle, star, cross, crescent, heart.
const std::vector<std::string>& shapes_labels();

}  // namespace phosphene
