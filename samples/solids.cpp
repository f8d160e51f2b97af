#include "solids.hpp"

#include <algorithm>

namespace samples {
namespace {

Solid box(Vec low, Vec high, Material material) {
  return {{{{1, 0, 0}, high.x},
           {{-1, 0, 0}, -low.x},
           {{0, 1, 0}, high.y},
           {{0, -1, 0}, -low.y},
           {{0, 0, 1}, high.z},
           {{0, 0, -1}, -low.z}},
          material};
}
Vec wall_colour(const Building& b, Vec p, Vec normal) {
  const float along = std::abs(normal.x) > 0.5F ? p.z : p.x;
  Vec colour = b.plaster *
               (0.82F + 0.3F * fractal({along * 2, p.y * 2, 1.0F * static_cast<float>(b.seed)}, 4));
  const float storey = 1.9F, bay = 1.35F;
  const int row = static_cast<int>(std::floor(p.y / storey));
  const int column = static_cast<int>(std::floor(along / bay + 0.5F));
  const float v = p.y - static_cast<float>(row) * storey;
  const float u = along - static_cast<float>(column) * bay;
  const Vec timber = Vec{0.17F, 0.10F, 0.06F} * (0.8F + 0.5F * noise({along * 9, p.y * 9, 0}));
  const bool framed = b.seed % 2 == 0;
  if (framed && row >= 1 &&
      (v < 0.13F || std::abs(std::abs(u) - bay / 2) < 0.07F ||
       (std::abs(std::abs(u) - 0.45F * v) < 0.06F && hashed(row, column, b.seed) < 0.35F))) {
    return timber;
  }
  if (p.y < 0.5F) return colour * 0.6F;  // a damp foot
  const bool gap = p.y > b.eaves && std::abs(along) > b.half_width * 0.4F;
  if (gap || hashed(column, row, b.seed + 9) < 0.12F) return colour;
  const float half = 0.29F, low = 0.55F, high = 1.45F;
  if (row == 0 && column == 0) {  // the door
    return std::abs(u) < 0.4F && v < 1.55F ? Vec{0.22F, 0.10F, 0.05F} : colour;
  }
  if (v > low && v < high && std::abs(u) < half) {
    const bool bar = std::abs(u) < 0.035F || std::abs(v - 1.05F) < 0.03F ||
                     std::abs(u) > half - 0.05F || v > high - 0.05F || v < low + 0.05F;
    if (bar) return {0.85F, 0.84F, 0.8F};
    return hashed(row, column, b.seed + 5) < 0.2F ? Vec{1.1F, 0.75F, 0.3F}
                                                  : Vec{0.07F, 0.10F, 0.15F};
  }
  if (v > low && v < high && std::abs(u) < half + 0.24F) {  // shutters
    return Vec{0.16F, 0.30F, 0.24F} * (0.7F + 0.4F * std::abs(std::sin(p.y * 40)));
  }
  return colour;
}

Vec building_colour(const Building& b, Material material, Vec p, Vec normal) {
  switch (material) {
    case Material::roof: {
      const float along = p.z * 3.2F, row = p.y * 4.0F;
      const float r = std::floor(row), shift = std::fmod(r, 2.0F) / 2;
      const float tint =
          hashed(static_cast<int>(std::floor(along + shift)), static_cast<int>(r), b.seed);
      return b.tiles * (0.65F + 0.55F * tint) * (0.6F + 0.4F * smooth_step(0, 0.35F, row - r));
    }
    case Material::stone: {
      const float row = std::floor(p.y * 2.6F), along = std::abs(normal.x) > 0.5F ? p.z : p.x;
      const float tint =
          hashed(static_cast<int>(std::floor(along * 1.7F + row * 0.5F)), static_cast<int>(row), 8);
      const bool opening = p.y > 8.2F && p.y < 9.7F && normal.y == 0 &&
                           std::abs(std::fmod(std::abs(along) + 0.3F, 1.3F) - 0.65F) < 0.25F;
      return opening ? Vec{0.05F, 0.05F, 0.06F} : Vec{0.66F, 0.60F, 0.52F} * (0.7F + 0.4F * tint);
    }
    case Material::wood:
      return Vec{0.30F, 0.12F, 0.07F} * (0.7F + 0.6F * noise(p * 7));
    case Material::sail:
      return {0.95F, 0.90F, 0.80F};
    default:
      return wall_colour(b, p, normal);
  }
}
}  // namespace

Building house(Vec origin, float turn, float half_width, float eaves, float ridge, float depth,
               Vec plaster, Vec tiles) {
  Building b{origin,     std::cos(turn), std::sin(turn),
             half_width, eaves,          ridge + half_width + depth,
             plaster,    tiles,          static_cast<int>(origin.x * 37),
             {}};
  const Vec up = normalised({ridge - eaves, half_width, 0});
  const float offset = up.y * ridge;
  Solid body = box({-half_width, -2, -depth}, {half_width, ridge, depth}, Material::wall);
  body.planes.push_back({up, offset});
  body.planes.push_back({{-up.x, up.y, 0}, offset});
  b.solids.push_back(body);
  for (const float side : {-1.0F, 1.0F}) {
    Solid roof = box({side < 0 ? -half_width - 0.35F : 0, eaves - 1, -depth - 0.3F},
                     {side < 0 ? 0 : half_width + 0.35F, ridge + 1, depth + 0.3F}, Material::roof);
    roof.planes.push_back({{side * up.x, up.y, 0}, offset + 0.16F});
    roof.planes.push_back({{-side * up.x, -up.y, 0}, -offset});
    b.solids.push_back(roof);
  }
  b.solids.push_back(box({half_width * 0.3F, eaves, -0.3F},
                         {half_width * 0.3F + 0.5F, ridge + 0.5F, 0.3F}, Material::stone));
  return b;
}

Building church(Vec origin) {
  Building b =
      house(origin, 0.25F, 2.4F, 4.2F, 7.2F, 4.5F, {0.86F, 0.80F, 0.70F}, {0.40F, 0.17F, 0.12F});
  b.reach = 22;
  b.solids.push_back(box({-5.0F, -2, -3.2F}, {-2.4F, 10.5F, -0.6F}, Material::stone));
  const Vec slope = normalised({5.2F, 1.3F, 0});
  Solid spire = box({-5.2F, 10.5F, -3.4F}, {-2.2F, 17, -0.4F}, Material::roof);
  const Vec top{-3.7F, 16.5F, -1.9F};
  for (const Vec n : {Vec{slope.x, slope.y, 0}, Vec{-slope.x, slope.y, 0}, Vec{0, slope.y, slope.x},
                      Vec{0, slope.y, -slope.x}}) {
    spire.planes.push_back({n, dot(n, top)});
  }
  b.solids.push_back(spire);
  return b;
}

Building boat(Vec origin, float turn) {
  Building b{origin, std::cos(turn), std::sin(turn), 1, 1, 4, {}, {}, 3, {}};
  Solid hull = box({-1.5F, -0.3F, -0.5F}, {1.5F, 0.35F, 0.5F}, Material::wood);
  hull.planes.push_back({normalised({1, -0.8F, 0.9F}), 1.0F});
  hull.planes.push_back({normalised({1, -0.8F, -0.9F}), 1.0F});
  hull.planes.push_back({normalised({-1, -0.8F, 0}), 1.0F});
  b.solids.push_back(hull);
  b.solids.push_back(box({-0.04F, 0, -0.04F}, {0.04F, 3.3F, 0.04F}, Material::wood));
  Solid sail = box({-1.4F, 0.7F, -0.02F}, {-0.06F, 3.1F, 0.02F}, Material::sail);
  sail.planes.push_back(
      {normalised({-2.4F, 1.3F, 0}), dot(normalised({-2.4F, 1.3F, 0}), {-0.06F, 3.1F, 0})});
  b.solids.push_back(sail);
  return b;
}
void hit(const Building& b, const Ray& ray, Surface& nearest) {
  const Vec to = b.origin - ray.from;
  const float closest = dot(to, ray.along);
  if (dot(to, to) - closest * closest > b.reach * b.reach) return;
  const Vec from = b.local(ray.from - b.origin), along = b.local(ray.along);
  for (const Solid& solid : b.solids) {
    float enter = 0.01F, leave = nearest.t;
    const Plane* face = nullptr;
    for (const Plane& plane : solid.planes) {
      const float speed = dot(plane.normal, along), gap = plane.offset - dot(plane.normal, from);
      if (speed < 0 && gap / speed > enter) {
        enter = gap / speed;
        face = &plane;
      } else if (speed > 0) {
        leave = std::min(leave, gap / speed);
      } else if (speed == 0 && gap < 0) {
        leave = -1;
      }
    }
    if (face == nullptr || enter >= leave) continue;
    nearest.t = enter;
    nearest.normal = b.world(face->normal);
    nearest.colour = building_colour(b, solid.material, from + along * enter, face->normal);
  }
}
float Tree::density(Vec p) const {
  const Vec q{(p.x - centre.x) / radii.x, (p.y - centre.y) / radii.y, (p.z - centre.z) / radii.z};
  const float rough = 1.5F * (fractal(p * (3.4F / std::sqrt(radii.x)), 5) - 0.5F);
  if (!conifer) return 1 - dot(q, q) * 1.25F + rough;
  return (1 - q.y) * 0.42F - std::sqrt(q.x * q.x + q.z * q.z) + 0.12F * std::sin(q.y * 22) +
         rough * 0.45F;
}

void hit(const Tree& tree, const Ray& ray, Surface& nearest) {
  const auto scaled = [&](Vec v) {
    return Vec{v.x / tree.radii.x, v.y / tree.radii.y, v.z / tree.radii.z};
  };
  const Vec from = scaled(ray.from - tree.centre), along = scaled(ray.along);
  const float a = dot(along, along), b = dot(from, along), c = dot(from, from) - 1.35F;
  const float root = b * b - a * c;
  if (root <= 0) return;
  const float enter = std::max((-b - std::sqrt(root)) / a, 0.02F),
              leave = (-b + std::sqrt(root)) / a;
  if (leave <= enter || enter >= nearest.t) return;
  constexpr int kSteps = 28;
  for (int i = 0; i < kSteps; ++i) {
    const float t = std::lerp(enter, leave, (static_cast<float>(i) + 0.5F) / kSteps);
    if (t >= nearest.t) return;
    const Vec p = ray.at(t);
    const float inside = tree.density(p);
    if (inside <= 0) continue;
    const float e = 0.06F;
    const Vec slope{tree.density(p + Vec{e, 0, 0}) - inside,
                    tree.density(p + Vec{0, e, 0}) - inside,
                    tree.density(p + Vec{0, 0, e}) - inside};
    nearest.t = t;
    nearest.normal = normalised(slope * -1 + Vec{0, 1e-4F, 0});
    nearest.colour = tree.leaves * (0.55F + 0.9F * noise(p * 5.5F));
    return;
  }
}
}  // namespace samples
