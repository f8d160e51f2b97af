#pragma once
// What the sample images are drawn with: vectors, repeatable random numbers, smooth noise.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace samples {

struct Vec {
  float x = 0, y = 0, z = 0;
};
inline Vec operator+(Vec a, Vec b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec operator-(Vec a, Vec b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec operator*(Vec a, Vec b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
inline Vec operator*(Vec a, float s) { return {a.x * s, a.y * s, a.z * s}; }
inline float dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec normalised(Vec a) { return a * (1 / std::sqrt(dot(a, a))); }
inline Vec mix(Vec a, Vec b, float t) { return a * (1 - t) + b * t; }
inline float smooth_step(float from, float to, float x) {
  const float t = std::clamp((x - from) / (to - from), 0.0F, 1.0F);
  return t * t * (3 - 2 * t);
}

/// A number in [0,1) that depends on three integers alone.
inline float hashed(int x, int y, int z = 0) {
  auto h = static_cast<std::uint32_t>(x) * 0x8da6b343U ^
           static_cast<std::uint32_t>(y) * 0xd8163841U ^
           static_cast<std::uint32_t>(z) * 0xcb1ab31fU;
  h = (h ^ (h >> 15)) * 0x2c1b3c6dU;
  h = (h ^ (h >> 12)) * 0x297a2d39U;
  return static_cast<float>((h ^ (h >> 15)) >> 8) * 0x1p-24F;
}

/// Value noise in [0,1] with one cell a unit.
inline float noise(Vec p) {
  const float fx = std::floor(p.x), fy = std::floor(p.y), fz = std::floor(p.z);
  const auto fade = [](float t) { return t * t * (3 - 2 * t); };
  const float u = fade(p.x - fx), v = fade(p.y - fy), w = fade(p.z - fz);
  const int x = static_cast<int>(fx), y = static_cast<int>(fy), z = static_cast<int>(fz);
  const auto plane = [&](int k) {
    const float top = std::lerp(hashed(x, y, k), hashed(x + 1, y, k), u);
    return std::lerp(top, std::lerp(hashed(x, y + 1, k), hashed(x + 1, y + 1, k), u), v);
  };
  return w == 0 ? plane(z) : std::lerp(plane(z), plane(z + 1), w);
}

/// Octaves of noise, each half as strong and twice as fine; in [0,1].
inline float fractal(Vec p, int octaves) {
  float sum = 0, weight = 0.5F, total = 0;
  for (int i = 0; i < octaves; ++i) {
    sum += weight * noise(p);
    total += weight;
    weight /= 2;
    p = p * 2.03F + Vec{17.3F, 5.1F, 0};
  }
  return sum / total;
}

/// PCG: the same sequence on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 2 + 1) {}
  float uniform() {  // [0,1)
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    const auto word = static_cast<std::uint32_t>(((state_ >> 18) ^ state_) >> 27);
    const auto turn = static_cast<unsigned>(state_ >> 59);
    return static_cast<float>(((word >> turn) | (word << ((32 - turn) & 31))) >> 8) * 0x1p-24F;
  }
  float uniform(float from, float to) { return from + (to - from) * uniform(); }

 private:
  std::uint64_t state_;
};

/// RGB rows from the top, in [0,1] once it is finished.
struct Picture {
  int width, height;
  std::vector<Vec> pixels;
  Picture(int w, int h)
      : width(w), height(h), pixels(static_cast<std::size_t>(w) * static_cast<std::size_t>(h)) {}
  Vec& at(int x, int y) {
    return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x)];
  }
};

Picture lakeside(int width, int height, int samples_a_side);  // scene.cpp
Picture night_painting(int width, int height);                // paintings.cpp
Picture harvest_painting(int width, int height);              // paintings.cpp

}  // namespace samples
