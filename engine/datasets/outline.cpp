#include "engine/datasets/outline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

namespace phosphene::datasets {
namespace {

// By the number of edges that a ray to the right crosses.
bool inside_polygon(std::span<const Point> corners, Point p) {
  bool in = false;
  for (std::size_t i = 0, last = corners.size() - 1; i < corners.size(); last = i++) {
    const Point a = corners[last], b = corners[i];
    if ((a.y > p.y) == (b.y > p.y)) continue;
    const double x = a.x + (b.x - a.x) * ((p.y - a.y) / (b.y - a.y));
    if (p.x < x) in = !in;
  }
  return in;
}

// Corners on the circle of radius 1, of the star also on that of 0.42; the first one is on top.
constexpr std::array<Point, 3> kTriangle{
    {{0, -1}, {0.8660254037844386, 0.5}, {-0.8660254037844386, 0.5}}};
constexpr std::array<Point, 10> kStar{{{0, -1},
                                       {0.24686980596872664, -0.33978713763747793},
                                       {0.9510565162951535, -0.30901699437494745},
                                       {0.39944373657396453, 0.12978713763747792},
                                       {0.5877852522924731, 0.8090169943749475},
                                       {0, 0.42},
                                       {-0.5877852522924731, 0.8090169943749475},
                                       {-0.39944373657396453, 0.12978713763747792},
                                       {-0.9510565162951535, -0.30901699437494745},
                                       {-0.24686980596872664, -0.33978713763747793}}};
// Two discs, and between them the tangents that meet in the tip below.
constexpr Point kLobe{0.42, -0.3};
constexpr std::array<Point, 5> kHeart{
    {{0, 0.95}, {0.788, 0.008}, {0.42, -0.3}, {-0.42, -0.3}, {-0.788, 0.008}}};

}  // namespace

bool inside(Outline outline, Point p) {
  const double square = dot(p, p);
  if (square > 1) return false;
  const double ax = std::abs(p.x), ay = std::abs(p.y);
  switch (outline) {
    case Outline::disc:
      return true;
    case Outline::ring:
      return square >= 0.55 * 0.55;
    case Outline::square:
      return std::max(ax, ay) <= 0.7071;
    case Outline::triangle:
      return inside_polygon(kTriangle, p);
    case Outline::star:
      return inside_polygon(kStar, p);
    case Outline::cross:
      return std::min(ax, ay) <= 0.28 && std::max(ax, ay) <= 0.95;
    case Outline::crescent: {
      const Point bite = p - Point{0.5, 0};
      return dot(bite, bite) > 0.75 * 0.75;
    }
    case Outline::heart: {
      const Point lobe = Point{ax, p.y} - kLobe;
      return dot(lobe, lobe) <= 0.48 * 0.48 || inside_polygon(kHeart, p);
    }
  }
  return false;
}

double distance_to_segment(Point p, Point a, Point b) {
  const Point along = b - a, from = p - a;
  const double t = std::clamp(dot(from, along) / dot(along, along), 0.0, 1.0);
  const Point off = from - along * t;
  return std::sqrt(dot(off, off));
}

}  // namespace phosphene::datasets
