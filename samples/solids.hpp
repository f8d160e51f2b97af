#pragma once
// What stands in the scene: houses and trees, and how a ray meets them.
#include "noise.hpp"

namespace samples {

constexpr float kFar = 900;

struct Ray {
  Vec from, along;
  Vec at(float t) const { return from + along * t; }
};
/// The nearest thing that a ray has met so far.
struct Surface {
  float t = kFar;
  Vec normal, colour;
  bool water = false;
};
struct Plane {
  Vec normal;
  float offset;
};
enum class Material { wall, roof, stone, wood, sail };
/// Where normal . p <= offset for every plane, in the building's own frame.
struct Solid {
  std::vector<Plane> planes;
  Material material;
};
struct Building {
  Vec origin;
  float cosine, sine;
  float half_width, eaves, reach;  // reach: radius of the bounding sphere
  Vec plaster, tiles;
  int seed;
  std::vector<Solid> solids;

  Vec local(Vec v) const { return {cosine * v.x + sine * v.z, v.y, cosine * v.z - sine * v.x}; }
  Vec world(Vec v) const { return {cosine * v.x - sine * v.z, v.y, cosine * v.z + sine * v.x}; }
};
struct Tree {
  Vec centre, radii;
  Vec leaves;
  bool conifer;

  /// Positive inside. Noise much finer than the crown makes its edge ragged.
  float density(Vec p) const;
};

Building house(Vec origin, float turn, float half_width, float eaves, float ridge, float depth,
               Vec plaster, Vec tiles);
Building church(Vec origin);
Building boat(Vec origin, float turn);
void hit(const Building& building, const Ray& ray, Surface& nearest);
void hit(const Tree& tree, const Ray& ray, Surface& nearest);

}  // namespace samples
