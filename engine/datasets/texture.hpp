#pragma once
#include <cstdint>

#include "engine/datasets/draws.hpp"

namespace phosphene::datasets {

/// A pattern in two colours, defined at every point of the plane.
class Texture {
 public:
  enum class Kind : std::uint8_t { noise, stripes, gradient, checks, blotches, flat };

  /// Draws the parameters of a pattern.
  Texture(Kind kind, Colour first, Colour second, Draws& draws);
  Colour at(Point p) const;

 private:
  double share(Point p) const;  // of the second colour, in [0,1]

  Kind kind_;
  Colour first_, second_;
  Point across_{1, 0};   // the direction in which stripes and gradients change
  Point origin_;         // where the pattern starts
  double period_ = 8;    // of stripes, checks, and the coarsest noise, in pixels
  double softness_ = 1;  // width of an edge between two stripes, in periods
  bool radial_ = false;
  std::uint64_t key_ = 0;
};

/// Smooth noise in [0,1] with one random value a unit of the plane, of `key`.
double value_noise(Point p, std::uint64_t key);

}  // namespace phosphene::datasets
