// Paintings as flow fields: each is a composition (what colour where), a field of directions, and
// layers of ever smaller brush strokes that follow the field. A stroke is a bundle of bristles,
// each with its own tint and its own gaps; the paint's thickness catches a light from the top left.
#include <algorithm>
#include <functional>

#include "noise.hpp"

namespace samples {
namespace {

constexpr float kPi = 3.14159265F;
constexpr int kOversampling = 2;

struct Painting {
  std::function<Vec(Vec, Random&)> colour;  // at a point of [0, width / height] x [0, 1]
  std::function<float(Vec)> angle;          // of the strokes there
  std::function<float(Vec)> fineness;       // 1 for full strokes, less for smaller ones
};
struct Layer {
  int strokes;
  float width, length;  // in heights of the picture
  float cover;          // opacity of one bristle
};

class Canvas {
 public:
  Canvas(int width, int height)
      : paint_(width, height),
        relief_(paint_.pixels.size(), 0),
        size_(static_cast<float>(height)) {}

  float aspect() const { return static_cast<float>(paint_.width) / size_; }

  void prime(const Painting& painting, Random& random) {
    for (int y = 0; y < paint_.height; ++y) {
      for (int x = 0; x < paint_.width; ++x) {
        const Vec p{static_cast<float>(x) / size_, static_cast<float>(y) / size_, 0};
        paint_.at(x, y) = painting.colour(p, random) * 0.55F;
      }
    }
  }

  void stroke(const Painting& painting, const Layer& layer, Vec start, Random& random) {
    const float scale = painting.fineness(start) * random.uniform(0.65F, 1.25F);
    const float width = layer.width * scale, length = layer.length * scale;
    const Vec base = painting.colour(start, random);
    const int bristles = std::max(4, static_cast<int>(width * size_ * 1.3F));
    const int steps = std::max(4, static_cast<int>(length * size_));
    const int seed = static_cast<int>(random.uniform() * 1e6F);
    Vec p = start;
    for (int i = 0; i < steps; ++i) {
      const float t = static_cast<float>(i) / static_cast<float>(steps);
      const float angle = painting.angle(p);
      const Vec along{std::cos(angle), std::sin(angle), 0}, across{-along.y, along.x, 0};
      const float taper = smooth_step(0, 0.12F, t) * (1 - smooth_step(0.55F, 1.0F, t) * 0.75F);
      for (int b = 0; b < bristles; ++b) {
        const float offset = (static_cast<float>(b) + 0.5F) / static_cast<float>(bristles) - 0.5F;
        const float load = hashed(b, seed) + 0.35F * noise({t * 9, static_cast<float>(b * 7),
                                                            static_cast<float>(seed)});
        if (load < 0.25F + 0.75F * t * t) continue;  // the brush runs dry
        const Vec tint = base * (0.80F + 0.40F * hashed(b, seed, 1)) +
                         Vec{hashed(b, seed, 2), hashed(b, seed, 3), hashed(b, seed, 4)} * 0.06F;
        const float edge = 1 - 4 * offset * offset;
        dab(p + across * (offset * width * taper), tint, layer.cover,
            (0.35F + hashed(b, seed, 5)) * edge * width * size_);
      }
      p = p + along * (1 / size_);
    }
  }

  /// Lit and brought down to the final size.
  Picture finish() {
    Picture picture(paint_.width / kOversampling, paint_.height / kOversampling);
    for (int y = 0; y < picture.height; ++y) {
      for (int x = 0; x < picture.width; ++x) {
        Vec sum;
        for (int k = 0; k < kOversampling * kOversampling; ++k) {
          sum = sum +
                lit(x * kOversampling + k % kOversampling, y * kOversampling + k / kOversampling);
        }
        picture.at(x, y) = sum * (1.0F / (kOversampling * kOversampling));
      }
    }
    return picture;
  }

 private:
  void dab(Vec p, Vec colour, float cover, float thickness) {
    const int x = static_cast<int>(std::floor(p.x * size_)),
              y = static_cast<int>(std::floor(p.y * size_));
    if (x < 0 || y < 0 || x >= paint_.width || y >= paint_.height) return;
    Vec& under = paint_.at(x, y);
    under = mix(under, colour, cover);
    float& height = relief(x, y);
    height = std::lerp(height, thickness, cover * 0.6F);
  }

  float& relief(int x, int y) {
    x = std::clamp(x, 0, paint_.width - 1);
    y = std::clamp(y, 0, paint_.height - 1);
    return relief_[static_cast<std::size_t>(y) * static_cast<std::size_t>(paint_.width) +
                   static_cast<std::size_t>(x)];
  }

  Vec lit(int x, int y) {
    const float dx = relief(x + 1, y) - relief(x - 1, y), dy = relief(x, y + 1) - relief(x, y - 1);
    const Vec normal = normalised({-dx * 0.10F, -dy * 0.10F, 1});
    const float light = dot(normal, normalised({-0.5F, -0.6F, 0.9F})) / 0.755F;
    const float gloss =
        std::pow(std::max(dot(normal, normalised({-0.3F, -0.36F, 1})), 0.0F), 40.0F) * 0.05F;
    return paint_.at(x, y) * (0.25F + 0.75F * light) + Vec{gloss, gloss, gloss};
  }

  Picture paint_;
  std::vector<float> relief_;
  float size_;
};

Picture paint(const Painting& painting, const std::vector<Layer>& layers, int width, int height,
              std::uint64_t seed) {
  Canvas canvas(width * kOversampling, height * kOversampling);
  Random random(seed);
  canvas.prime(painting, random);
  for (const Layer& layer : layers) {
    for (int i = 0; i < layer.strokes; ++i) {
      const float x = random.uniform(-0.03F, canvas.aspect() + 0.02F),
                  y = random.uniform(-0.02F, 1.02F);
      canvas.stroke(painting, layer, {x, y, 0}, random);
    }
  }
  return canvas.finish();
}

/// The curl of a potential that is noise: it swirls and never piles up.
Vec curl(Vec p, float scale) {
  const auto potential = [&](float x, float y) { return fractal({x * scale, y * scale, 3}, 3); };
  const float e = 0.002F;
  return {(potential(p.x, p.y + e) - potential(p.x, p.y - e)) / (2 * e) / scale,
          (potential(p.x - e, p.y) - potential(p.x + e, p.y)) / (2 * e) / scale, 0};
}

const Vec& pick(const std::vector<Vec>& palette, float at, float spread, Random& random) {
  const float index =
      (at + spread * (random.uniform() - 0.5F)) * static_cast<float>(palette.size());
  const auto last = static_cast<float>(palette.size() - 1);
  return palette[static_cast<std::size_t>(std::clamp(std::floor(index), 0.0F, last))];
}

struct Swirl {
  Vec centre;
  float radius, turn;
};
struct Light {
  Vec centre;
  float radius;
};

float distance(Vec a, Vec b) { return std::sqrt(dot(a - b, a - b)); }

}  // namespace

Picture night_painting(int width, int height) {
  const std::vector<Swirl> swirls{
      {{0.60F, 0.40F, 0}, 0.17F, 1}, {{0.84F, 0.50F, 0}, 0.11F, -1}, {{0.20F, 0.50F, 0}, 0.10F, 1}};
  const std::vector<Light> lights{{{1.14F, 0.16F, 0}, 0.10F}, {{0.12F, 0.12F, 0}, 0.055F},
                                  {{0.36F, 0.22F, 0}, 0.04F}, {{0.62F, 0.10F, 0}, 0.05F},
                                  {{0.90F, 0.21F, 0}, 0.04F}, {{0.40F, 0.60F, 0}, 0.035F},
                                  {{1.18F, 0.50F, 0}, 0.05F}, {{0.08F, 0.36F, 0}, 0.03F}};
  const std::vector<Vec> sky{{0.03F, 0.05F, 0.20F}, {0.05F, 0.11F, 0.36F}, {0.09F, 0.22F, 0.52F},
                             {0.18F, 0.38F, 0.66F}, {0.38F, 0.58F, 0.74F}, {0.66F, 0.78F, 0.76F},
                             {0.90F, 0.88F, 0.66F}};
  const std::vector<Vec> glow{{0.99F, 0.93F, 0.62F},
                              {0.98F, 0.80F, 0.25F},
                              {0.90F, 0.66F, 0.16F},
                              {0.55F, 0.66F, 0.50F},
                              {0.24F, 0.44F, 0.66F}};
  const std::vector<Vec> land{{0.02F, 0.05F, 0.12F},
                              {0.04F, 0.11F, 0.20F},
                              {0.08F, 0.20F, 0.26F},
                              {0.16F, 0.30F, 0.28F},
                              {0.34F, 0.40F, 0.22F}};
  const auto horizon = [](float x) {
    return 0.76F + 0.05F * std::sin(x * 4.2F + 0.6F) + 0.03F * std::sin(x * 9.7F);
  };
  const auto tree = [](Vec p) {  // a dark flame on the left
    const float up = (1.02F - p.y) / 0.80F;
    const float half =
        0.075F * std::sqrt(std::max(1 - up, 0.0F)) * (1 + 0.25F * std::sin(p.y * 40));
    return up < 1 && std::abs(p.x - 0.255F - 0.02F * std::sin(p.y * 12)) < half;
  };

  Painting painting;
  painting.angle = [=](Vec p) {
    if (tree(p)) return -kPi / 2 + 0.45F * std::sin(p.y * 30 + p.x * 60);
    if (p.y > horizon(p.x)) return 0.5F * std::sin(p.x * 6 + p.y * 9) + 0.4F * std::sin(p.y * 24);
    Vec flow = curl(p, 2.6F) * 0.55F + Vec{0.42F, 0.22F * std::sin(p.x * 5), 0};
    for (const Swirl& s : swirls) {
      const Vec r = p - s.centre;
      const float pull = 2.6F * std::exp(-dot(r, r) / (s.radius * s.radius)) / s.radius;
      flow = flow + Vec{-r.y, r.x, 0} * (s.turn * pull) + r * (-0.25F * pull);
    }
    for (const Light& l : lights) {
      const Vec r = p - l.centre;
      flow = flow + Vec{-r.y, r.x, 0} *
                        (3.2F * std::exp(-dot(r, r) / (3.2F * l.radius * l.radius)) / l.radius);
    }
    return std::atan2(flow.y, flow.x);
  };
  painting.colour = [=](Vec p, Random& random) {
    if (tree(p)) return pick(land, 0.16F + 0.12F * std::sin(p.x * 90), 0.5F, random);
    const float edge = horizon(p.x);
    if (p.y > edge) {
      const float band = fractal({p.x * 5, p.y * 14, 2}, 3) + 0.35F * std::exp(-(p.y - edge) * 30);
      return pick(land, band - 0.05F, 0.4F, random);
    }
    for (const Light& l : lights) {
      const float r = distance(p, l.centre) / l.radius;
      if (r < 1.9F && random.uniform() < 1.6F - 0.7F * r) return pick(glow, r / 2.1F, 0.3F, random);
    }
    float bright =
        0.16F + 0.42F * p.y * p.y + 0.75F * (fractal({p.x * 3.2F, p.y * 4.5F, 6}, 4) - 0.42F);
    for (const Swirl& s : swirls) {
      const Vec r = p - s.centre;
      const float radius = std::sqrt(dot(r, r)) / s.radius;
      const float spiral = std::sin(s.turn * std::atan2(r.y, r.x) * 2 - radius * 8);
      bright += std::exp(-radius * radius * 0.7F) * (0.22F + 0.32F * spiral);
    }
    return pick(sky, bright, 0.30F, random);
  };
  painting.fineness = [=](Vec p) {
    for (const Light& l : lights) {
      if (distance(p, l.centre) < 1.7F * l.radius) return 0.55F;
    }
    return tree(p) ? 0.8F : 1.0F;
  };
  return paint(painting,
               {{2500, 0.030F, 0.14F, 0.7F},
                {6000, 0.020F, 0.10F, 0.75F},
                {9000, 0.012F, 0.065F, 0.8F},
                {2500, 0.007F, 0.04F, 0.85F}},
               width, height, 5);
}

Picture harvest_painting(int width, int height) {
  const std::vector<Vec> sky{{0.42F, 0.08F, 0.12F}, {0.66F, 0.14F, 0.10F}, {0.85F, 0.28F, 0.08F},
                             {0.95F, 0.46F, 0.10F}, {0.98F, 0.64F, 0.20F}, {0.99F, 0.82F, 0.42F},
                             {0.99F, 0.92F, 0.66F}};
  const std::vector<Vec> field{{0.30F, 0.12F, 0.06F},
                               {0.55F, 0.25F, 0.06F},
                               {0.78F, 0.44F, 0.08F},
                               {0.90F, 0.62F, 0.14F},
                               {0.97F, 0.80F, 0.30F}};
  const std::vector<Vec> hills{
      {0.16F, 0.07F, 0.22F}, {0.30F, 0.10F, 0.28F}, {0.46F, 0.16F, 0.28F}, {0.62F, 0.26F, 0.26F}};
  const Vec sun{0.86F, 0.27F, 0};
  const auto ridge = [](float x) {
    return 0.47F + 0.06F * std::sin(x * 3.6F + 2) + 0.02F * std::sin(x * 11);
  };
  const auto meadow = [](float x) { return 0.62F + 0.04F * std::sin(x * 2.4F + 0.4F); };

  Painting painting;
  painting.angle = [=](Vec p) {
    const Vec swirl = curl(p, 3.4F);
    if (p.y > meadow(p.x)) return -kPi / 2 + 0.55F * std::sin(p.x * 7 + p.y * 3) + 1.1F * swirl.x;
    if (p.y > ridge(p.x)) return 0.75F * std::cos(p.x * 3.6F + 2) + 0.9F * swirl.y;
    const Vec r = p - sun;
    const float near = std::exp(-dot(r, r) / 0.06F);
    const Vec flow = Vec{1, 0.75F * std::sin(p.x * 7 + p.y * 15), 0} * (1 - near) +
                     Vec{-r.y, r.x, 0} * (20 * near) + swirl * (0.7F * (1 - near));
    return std::atan2(flow.y, flow.x);
  };
  painting.colour = [=](Vec p, Random& random) {
    if (p.y > meadow(p.x)) {
      const float depth = (p.y - meadow(p.x)) / 0.38F;
      if (random.uniform() < 0.05F * depth) return Vec{0.80F, 0.10F, 0.07F};  // poppies
      if (random.uniform() < 0.05F) return Vec{0.24F, 0.30F, 0.12F};
      return pick(field, 0.92F - 0.55F * depth + 0.8F * (fractal({p.x * 9, p.y * 3, 1}, 3) - 0.5F),
                  0.5F, random);
    }
    if (p.y > ridge(p.x)) {
      return pick(hills, fractal({p.x * 4, p.y * 12, 8}, 3) + 1.6F * (p.y - 0.52F), 0.5F, random);
    }
    const float r = distance(p, sun);
    if (r < 0.085F) return mix({1.0F, 0.97F, 0.78F}, {0.99F, 0.84F, 0.30F}, random.uniform());
    const float band =
        0.5F + 0.5F * std::sin(p.y * 30 + 3.2F * std::sin(p.x * 3.4F) + 4 * fractal(p * 3.0F, 2));
    return pick(sky, 0.10F + 0.45F * band * (0.4F + p.y) + 0.62F * std::exp(-r * 4.2F), 0.34F,
                random);
  };
  painting.fineness = [=](Vec p) {
    return p.y > meadow(p.x) ? 0.6F + 0.7F * (p.y - meadow(p.x)) : 1.0F;
  };
  return paint(painting,
               {{2000, 0.038F, 0.17F, 0.7F},
                {4500, 0.025F, 0.12F, 0.75F},
                {6000, 0.016F, 0.08F, 0.8F},
                {2500, 0.008F, 0.05F, 0.85F}},
               width, height, 8);
}

}  // namespace samples
