#include "engine/datasets/texture.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace phosphene::datasets {
namespace {

double smooth(double t) { return t * t * (3 - 2 * t); }

double smooth_step(double from, double to, double x) {
  return smooth(std::clamp((x - from) / (to - from), 0.0, 1.0));
}

double lattice(double x, double y, std::uint64_t key) {
  const auto ix = static_cast<std::uint64_t>(static_cast<std::int64_t>(x));
  const auto iy = static_cast<std::uint64_t>(static_cast<std::int64_t>(y));
  return unit(hashed(hashed(key + ix) ^ (iy * 0x9e3779b97f4a7c15ULL)));
}

double fractal(Point p, int octaves, std::uint64_t key) {
  double sum = 0, weight = 0.5, total = 0;
  for (int i = 0; i < octaves; ++i) {
    sum += weight * value_noise(p, key + static_cast<std::uint64_t>(i) * 1000003);
    total += weight;
    weight *= 0.6;
    p = p * 2;
  }
  return sum / total;
}

// 1 in one half of every period and 0 in the other, with edges of `softness` periods between.
double wave(double x, double softness) {
  const double phase = x - std::floor(x);
  const double from_middle = std::abs(phase - 0.5);  // 0 in the middle of the light half
  return 1 - smooth_step(0.25 - softness / 2, 0.25 + softness / 2, from_middle);
}

}  // namespace

double value_noise(Point p, std::uint64_t key) {
  const double x = std::floor(p.x), y = std::floor(p.y);
  const double u = smooth(p.x - x), v = smooth(p.y - y);
  const double top = lattice(x, y, key) * (1 - u) + lattice(x + 1, y, key) * u;
  const double bottom = lattice(x, y + 1, key) * (1 - u) + lattice(x + 1, y + 1, key) * u;
  return top * (1 - v) + bottom * v;
}

Colour Draws::colour(double least_saturation, double most_saturation, double darkest,
                     double brightest) {
  const double hue = uniform(0, 6);
  const double saturation = uniform(least_saturation, most_saturation);
  const double value = uniform(darkest, brightest);
  Colour out{};
  for (std::size_t i = 0; i < 3; ++i) {  // the hexcone: each channel a trapezium of the hue
    double turn = hue + 6 - 2 * static_cast<double>(i);
    if (turn >= 6) turn -= 6;
    const double pure = std::clamp(std::abs(turn - 3) - 1, 0.0, 1.0);
    out[i] = value * (1 - saturation * (1 - pure));
  }
  return out;
}

Texture::Texture(Kind kind, Colour first, Colour second, Draws& draws)
    : kind_(kind),
      first_(first),
      second_(second),
      across_(draws.direction()),
      origin_{draws.uniform(0, 64), draws.uniform(0, 64)},
      radial_(draws.chance(0.4)),
      key_(draws.word()) {
  const double fineness = draws.uniform(0, 1);
  softness_ = draws.uniform(0.15, 0.5);
  switch (kind_) {
    case Kind::noise:
      period_ = 5 + 15 * fineness;
      break;
    case Kind::blotches:
      period_ = 5 + 6 * fineness;
      break;
    case Kind::checks:
      period_ = 8 + 10 * fineness;
      break;
    default:
      period_ = 5 + 9 * fineness;
  }
}

double Texture::share(Point p) const {
  const Point q = p - origin_;
  switch (kind_) {
    case Kind::noise:
      return smooth_step(0.2, 0.8, fractal(q * (1 / period_), 4, key_));
    case Kind::stripes: {
      const Point bent{value_noise(p * 0.06, key_), value_noise(p * 0.06, key_ + 1)};
      return wave((dot(q, across_) + 6 * bent.x) / period_, softness_);
    }
    case Kind::gradient: {
      const double way =
          radial_ ? std::sqrt(dot(q, q)) / 70 : dot(p - Point{32, 32}, across_) / 80 + 0.5;
      return std::clamp(way, 0.0, 1.0);
    }
    case Kind::checks: {
      const double u = wave(dot(q, across_) / period_, softness_ / 2);
      const double v = wave(cross(across_, q) / period_, softness_ / 2);
      return u + v - 2 * u * v;
    }
    case Kind::blotches:
      return smooth_step(0.52, 0.64, value_noise(q * (1 / period_), key_));
    case Kind::flat:
      break;
  }
  return 0;
}

Colour Texture::at(Point p) const { return mix(first_, second_, share(p)); }

}  // namespace phosphene::datasets
