// A ray-traced lakeside village: terrain from fractal noise, houses from convex solids, trees as
// ragged noise volumes, a lake that reflects them, one sun.
#include "solids.hpp"

#include <algorithm>

namespace samples {
namespace {

const Vec kSun = normalised({-0.74F, 0.40F, -0.34F});
// --- ground ---------------------------------------------------------------------------------
float forest(float x, float z) {
  return smooth_step(0.47F, 0.56F, fractal({x / 34, z / 34, 4}, 3));
}

float ground(float x, float z, int detail) {
  const float inland = z - 30 - 2.5F * std::sin(x * 0.11F + 1) - 1.2F * std::sin(x * 0.43F);
  float height =
      inland < 0 ? inland * 0.15F : 0.9F * smooth_step(0, 1.6F, inland) + inland * 0.012F;
  const float near_bank =
      2.1F * std::exp(-((x + 6.4F) * (x + 6.4F) / 6 + (z - 8.5F) * (z - 8.5F) / 6));
  height = std::max(height, near_bank * 1.15F - 0.9F);
  if (inland > 8) {
    const float hill = smooth_step(8, 75, inland);
    height += hill * (5 + 22 * fractal({x / 46 + 3, z / 60, 0}, std::min(detail, 4)) +
                      5 * std::sin(x / 33));
    height += hill * forest(x, z) * 1.8F * noise({x * 0.9F, z * 0.9F, 2});
    const float ridge = 1 - std::abs(2 * fractal({x / 150 + 7.2F, z / 150 + 1, 1}, detail + 2) - 1);
    height += smooth_step(90, 330, inland) * 88 * ridge * ridge * ridge;
  }
  return height + 0.06F * noise({x * 3, z * 3, 0});
}

Vec ground_colour(Vec p, Vec normal) {
  const float patch = fractal({p.x / 5, p.z / 5, 0}, 4), grain = noise({p.x * 6, p.z * 6, p.y * 6});
  Vec colour = mix({0.22F, 0.33F, 0.08F}, {0.50F, 0.48F, 0.15F}, smooth_step(0.3F, 0.7F, patch));
  if (p.z > 42) {
    const float strip = std::floor(p.x / 9 + p.z / 24);  // fields on the slopes
    const float kind = hashed(static_cast<int>(strip), 3, static_cast<int>(std::floor(p.z / 17)));
    if (kind > 0.6F) colour = mix(colour, {0.62F, 0.50F, 0.18F}, 0.65F);
    if (kind < 0.15F) colour = mix(colour, {0.36F, 0.24F, 0.13F}, 0.6F);
    colour = mix(colour, Vec{0.06F, 0.14F, 0.06F} * (0.6F + grain), forest(p.x, p.z));
  }
  const float high = p.y + 22 * (fractal({p.x / 14, p.z / 14, 0}, 4) - 0.5F);
  const Vec rock =
      Vec{0.36F, 0.33F, 0.34F} * (0.7F + 0.6F * fractal({p.x / 7, p.y / 3, p.z / 7}, 4));
  colour = mix(colour, rock, smooth_step(30, 46, high));
  colour = mix(colour, {0.93F, 0.95F, 1.0F},
               smooth_step(56, 66, high) * smooth_step(0.45F, 0.7F, normal.y));
  if (p.y < 0.55F) colour = mix({0.44F, 0.37F, 0.27F}, colour, smooth_step(0.1F, 0.55F, p.y));
  return colour * (0.75F + 0.5F * grain);
}

void hit_ground(const Ray& ray, Surface& nearest, bool shadow) {
  float t = 0.3F, before = 0;
  for (int i = 0; i < 220 && t < nearest.t; ++i) {
    const Vec p = ray.at(t);
    if (ray.along.y > 0 && p.y > 170) return;
    const float gap = p.y - ground(p.x, p.z, shadow ? 2 : 4);
    if (gap < 0.0015F * t) {
      for (int k = 0; k < 8; ++k) {
        const float middle = (before + t) / 2;
        const Vec q = ray.at(middle);
        (q.y < ground(q.x, q.z, 4) ? t : before) = middle;
      }
      const Vec q = ray.at(t);
      const float e = 0.02F + 0.002F * t;
      nearest.t = t;
      nearest.normal = normalised({ground(q.x - e, q.z, 4) - ground(q.x + e, q.z, 4), 2 * e,
                                   ground(q.x, q.z - e, 4) - ground(q.x, q.z + e, 4)});
      if (!shadow) nearest.colour = ground_colour(q, nearest.normal);
      return;
    }
    before = t;
    t += std::max(0.35F * gap, 0.006F * t + 0.02F);
  }
}

// --- light ----------------------------------------------------------------------------------
Vec sky(Vec along) {
  const float up = std::max(along.y, 0.0F), towards = std::max(dot(along, kSun), 0.0F);
  Vec colour =
      mix({0.95F, 0.80F, 0.62F}, {0.24F, 0.45F, 0.80F}, std::pow(std::min(up * 2.1F, 1.0F), 0.55F));
  const Vec p{along.x * 3.6F + 2, along.y * 9 - 2.2F * along.y * along.y, 0};
  const float warp = fractal(p * 0.8F, 3);
  const float cloud = smooth_step(0.36F, 0.58F, fractal(p + Vec{warp * 1.6F, warp, 0}, 6));
  const float lit = fractal(p + Vec{warp * 1.6F - 0.16F, warp + 0.22F, 0}, 5);
  const Vec body =
      mix({1.25F, 1.12F, 0.98F}, {0.50F, 0.50F, 0.60F}, smooth_step(0.44F, 0.70F, lit));
  colour = mix(colour, body, cloud * smooth_step(0.01F, 0.14F, up));
  return colour + Vec{1.0F, 0.75F, 0.45F} * (0.5F * std::pow(towards, 12.0F));
}

struct Scene {
  std::vector<Building> buildings;
  std::vector<Tree> trees;

  Scene();
  Surface nearest(const Ray& ray, bool shadow) const {
    Surface surface;
    for (const Building& b : buildings) hit(b, ray, surface);
    for (const Tree& tree : trees) hit(tree, ray, surface);
    if (shadow && surface.t < kFar) return surface;
    hit_ground(ray, surface, shadow);
    const float water = ray.along.y < 0 ? -ray.from.y / ray.along.y : kFar;
    if (!shadow && water < surface.t) {
      surface.t = water;
      surface.water = true;
    }
    return surface;
  }

  Vec colour(const Ray& ray, int bounces) const {
    const Surface s = nearest(ray, false);
    if (s.t >= kFar) return sky(ray.along);
    const Vec p = ray.at(s.t);
    Vec light;
    if (s.water) {
      const float ripple = 0.055F / (1 + s.t * 0.012F);
      const Vec q{p.x * 0.9F, p.z * 2.6F, 0};
      const Vec normal = normalised({ripple * (fractal(q, 4) - 0.5F), 1,
                                     ripple * 1.6F * (fractal(q + Vec{40, 9, 0}, 4) - 0.5F)});
      Vec mirror = ray.along - normal * (2 * dot(ray.along, normal));
      mirror.y = std::max(mirror.y, 0.01F);
      const float grazing = std::pow(1 - std::max(-dot(ray.along, normal), 0.0F), 4.0F);
      const Vec seen = bounces > 0 ? colour({p + Vec{0, 0.01F, 0}, normalised(mirror)}, bounces - 1)
                                   : sky(mirror);
      light = mix({0.03F, 0.09F, 0.10F}, seen * Vec{0.90F, 0.95F, 0.97F}, 0.22F + 0.70F * grazing);
    } else {
      const float facing = dot(s.normal, kSun);
      const bool lit =
          facing > 0 && nearest({p + s.normal * (0.03F + 0.0008F * s.t), kSun}, true).t >= kFar;
      light =
          s.colour * (Vec{0.20F, 0.27F, 0.42F} * (0.55F + 0.45F * s.normal.y) +
                      Vec{0.05F, 0.04F, 0.03F} + Vec{1.95F, 1.45F, 0.92F} * (lit ? facing : 0.0F));
    }
    const float haze = 1 - std::exp(-std::max(s.t - 30, 0.0F) / 520);
    return mix(light, {0.55F, 0.62F, 0.76F}, haze);
  }
};

Scene::Scene() {
  const auto on_ground = [](float x, float z) { return Vec{x, ground(x, z, 4) - 0.1F, z}; };
  const Vec red{0.62F, 0.22F, 0.12F}, brown{0.45F, 0.20F, 0.12F}, slate{0.24F, 0.25F, 0.30F};
  buildings.push_back(
      house(on_ground(-10.5F, 35), 0.12F, 1.9F, 3.9F, 6.2F, 3, {0.88F, 0.80F, 0.60F}, red));
  buildings.push_back(
      house(on_ground(-5.8F, 36.5F), -0.05F, 2.1F, 5.6F, 8.4F, 3, {0.85F, 0.50F, 0.36F}, brown));
  buildings.push_back(
      house(on_ground(-1.4F, 35.5F), 0.04F, 1.8F, 4.6F, 7.0F, 3, {0.90F, 0.86F, 0.78F}, red));
  buildings.push_back(
      house(on_ground(2.6F, 37), 0.0F, 2.0F, 6.4F, 9.2F, 3, {0.50F, 0.62F, 0.68F}, slate));
  buildings.push_back(
      house(on_ground(6.8F, 36), -0.1F, 1.8F, 4.3F, 6.6F, 3, {0.86F, 0.68F, 0.36F}, brown));
  buildings.push_back(
      house(on_ground(15.2F, 35), -0.35F, 2.3F, 3.6F, 6.2F, 3.5F, {0.84F, 0.78F, 0.72F}, red));
  buildings.push_back(church(on_ground(13.0F, 46)));
  for (int i = 0; i < 7; ++i) {
    const float x = -19 + 5.6F * static_cast<float>(i), z = 46 + 5 * hashed(i, 1);
    if (i == 5) continue;  // the church stands there
    buildings.push_back(house(on_ground(x, z), hashed(i, 2) - 0.5F, 2.1F, 3.6F, 6.0F, 3,
                              mix({0.88F, 0.84F, 0.74F}, {0.80F, 0.55F, 0.40F}, hashed(i, 3)),
                              i % 2 ? red : brown));
  }
  buildings.push_back(boat({3.4F, 0, 19}, -0.25F));

  Random random(11);
  const auto plant = [&](float x, float z, float size, bool conifer, Vec leaves) {
    const Vec foot = on_ground(x, z);
    const float wide = conifer ? size * 0.62F : size * 0.85F;
    trees.push_back({foot + Vec{0, size * 1.05F, 0}, {wide, size * 1.15F, wide}, leaves, conifer});
  };
  for (int i = 0; i < 46; ++i) {
    const float x = random.uniform(-26, 27),
                z = random.uniform(39, 44) + (i % 3 == 0 ? 12.0F : 0.0F);
    const bool conifer = random.uniform() < 0.35F;
    const Vec leaves = mix({0.14F, 0.28F, 0.07F}, {0.46F, 0.38F, 0.08F}, random.uniform());
    plant(x, z, random.uniform(1.6F, 3.1F), conifer, conifer ? Vec{0.07F, 0.17F, 0.10F} : leaves);
  }
  for (const float x : {-15.2F, -13.2F, -8.2F, 10.2F, 11.9F, 19.0F, 21.5F}) {
    plant(x, 33.5F + hashed(static_cast<int>(x), 6), random.uniform(1.1F, 2.4F), false,
          mix({0.18F, 0.32F, 0.07F}, {0.60F, 0.34F, 0.07F}, random.uniform()));
  }
  plant(-4.9F, 9.5F, 1.7F, false, {0.20F, 0.30F, 0.07F});
  plant(-3.9F, 8.0F, 0.5F, false, {0.30F, 0.34F, 0.09F});
}

}  // namespace

Picture lakeside(int width, int height, int samples_a_side) {
  const Scene scene;
  Picture picture(width, height);
  const auto n = static_cast<float>(samples_a_side);
#pragma omp parallel for schedule(dynamic, 4)
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      Vec sum;
      for (int i = 0; i < samples_a_side * samples_a_side; ++i) {
        const int row = i / samples_a_side, column = i % samples_a_side;
        const float u = static_cast<float>(x) + (static_cast<float>(column) + 0.5F) / n;
        const float v = static_cast<float>(y) + (static_cast<float>(row) + 0.5F) / n;
        const float w = static_cast<float>(width), h = static_cast<float>(height);
        const Vec along{(u - w / 2) / w, (h / 2 - v) / w + 0.055F, 1.05F};
        const Vec light = scene.colour({{0, 3.4F, 0}, normalised(along)}, 1);
        // Each sample is brought to the display's range by itself, so that bright edges stay soft.
        const auto shown = [](float c) {
          return smooth_step(-0.05F, 1.02F,
                             std::pow(1 - std::exp(-1.25F * std::max(c, 0.0F)), 1 / 2.1F));
        };
        sum = sum + Vec{shown(light.x), shown(light.y), shown(light.z)};
      }
      picture.at(x, y) = sum * (1 / (n * n));
    }
  }
  return picture;
}

}  // namespace samples
