#pragma once
#include <array>
#include <cfloat>
#include <cmath>
#include <cstdint>

namespace phosphene::datasets {

static_assert(FLT_EVAL_METHOD == 0, "the same bytes everywhere need plain IEEE double arithmetic");

/// A bijection of 64 bits in which every input bit moves half of the output bits (Stafford's
/// variant 13 of MurmurHash3's finaliser).
inline std::uint64_t hashed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// The top 53 bits as a number in [0,1).
inline double unit(std::uint64_t x) { return static_cast<double>(x >> 11) * 0x1p-53; }

struct Point {
  double x = 0, y = 0;
};
inline Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
inline Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
inline Point operator*(Point a, double s) { return {a.x * s, a.y * s}; }
inline double dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }
inline double cross(Point a, Point b) { return a.x * b.y - a.y * b.x; }

using Colour = std::array<double, 3>;

inline Colour mix(const Colour& a, const Colour& b, double t) {
  Colour out{};
  for (std::size_t i = 0; i < 3; ++i) out[i] = a[i] + (b[i] - a[i]) * t;
  return out;
}

/// Random numbers by counter: number k of a stream is a hash of (key, k), so that nothing depends
/// on a library's distributions.
class Draws {
 public:
  Draws(std::uint64_t seed, std::uint64_t index, std::uint64_t stream)
      : key_(hashed(hashed(hashed(seed + kStep) ^ index) + stream * kStep)) {}

  std::uint64_t word() { return hashed(key_ + ++count_ * kStep); }
  double uniform(double from, double to) { return from + (to - from) * unit(word()); }
  /// 0 .. count - 1.
  int below(int count) {
    return static_cast<int>(((word() >> 32) * static_cast<std::uint64_t>(count)) >> 32);
  }
  bool chance(double probability) { return unit(word()) < probability; }
  /// Any direction, without a sine: a point of the disc, pulled to the circle.
  Point direction() {
    for (;;) {
      const Point p{uniform(-1, 1), uniform(-1, 1)};
      const double square = dot(p, p);
      if (square > 0.01 && square <= 1) return p * (1 / std::sqrt(square));
    }
  }
  /// A colour of this range of saturation and brightness, of any hue.
  Colour colour(double least_saturation, double most_saturation, double darkest, double brightest);

 private:
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15ULL;  // 2^64 / golden ratio, odd
  std::uint64_t key_, count_ = 0;
};

}  // namespace phosphene::datasets
