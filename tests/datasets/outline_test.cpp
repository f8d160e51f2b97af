// Each outline's area against its closed form, by counting the points of a grid.
#include "engine/datasets/outline.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace phosphene::datasets {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr int kSide = 1000;  // points a side of the square [-1, 1]^2

double area(Outline outline) {
  int hits = 0;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      hits += inside(outline, {(2 * x + 1.0) / kSide - 1, (2 * y + 1.0) / kSide - 1});
    }
  }
  return 4.0 * hits / (kSide * kSide);
}

// A cell of the grid is 0.002 wide and an outline at most 10 long: were every cell that it crosses
// counted wrongly, the area would be off by 0.02. Errors of both signs leave less.
constexpr double kTolerance = 0.01;

/// Of two discs of radii r and s whose centres are d apart.
double lens(double r, double s, double d) {
  const double a = std::acos((d * d + r * r - s * s) / (2 * d * r));
  const double b = std::acos((d * d + s * s - r * r) / (2 * d * s));
  return r * r * (a - std::sin(2 * a) / 2) + s * s * (b - std::sin(2 * b) / 2);
}

TEST(Outline, AreasAreThoseOfGeometry) {
  EXPECT_NEAR(area(Outline::disc), kPi, kTolerance);
  EXPECT_NEAR(area(Outline::ring), kPi * (1 - 0.55 * 0.55), kTolerance);
  EXPECT_NEAR(area(Outline::square), 2, kTolerance);
  EXPECT_NEAR(area(Outline::triangle), 3 * std::sqrt(3.0) / 4, kTolerance);
  EXPECT_NEAR(area(Outline::star), 5 * 0.42 * std::sin(kPi / 5), kTolerance);
  EXPECT_NEAR(area(Outline::cross), 2 * 1.9 * 0.56 - 0.56 * 0.56, kTolerance);
  EXPECT_NEAR(area(Outline::crescent), kPi - lens(1, 0.75, 0.5), kTolerance);
}

TEST(Outline, HeartIsTwoLobesAndATip) {
  EXPECT_TRUE(inside(Outline::heart, {0.42, -0.7}));
  EXPECT_TRUE(inside(Outline::heart, {-0.42, -0.7}));
  EXPECT_FALSE(inside(Outline::heart, {0, -0.6})) << "the notch between the lobes";
  EXPECT_TRUE(inside(Outline::heart, {0, 0.9}));
  EXPECT_FALSE(inside(Outline::heart, {0.3, 0.8}));
}

TEST(Outline, DistanceToASegment) {
  const Point a{0, 0}, b{2, 0};
  EXPECT_EQ(distance_to_segment({1, 3}, a, b), 3);
  EXPECT_EQ(distance_to_segment({-3, 4}, a, b), 5) << "beyond the first end";
  EXPECT_EQ(distance_to_segment({5, 4}, a, b), 5) << "beyond the second end";
}

}  // namespace
}  // namespace phosphene::datasets
