#include "phosphene/datasets/shapes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "engine/datasets/draws.hpp"
#include "engine/datasets/outline.hpp"
#include "engine/datasets/texture.hpp"

namespace phosphene {
namespace {

using namespace datasets;

constexpr int kSize = static_cast<int>(kShapesSize);
constexpr int kSamples = 4;  // a side of a pixel, for smooth edges

// Streams of random numbers: a change in one leaves the others as they are.
enum Stream : std::uint64_t { kLabels, kColours, kBackground, kObject, kDistractors, kGrain };

double distance(const Colour& a, const Colour& b) {
  double sum = 0;
  for (std::size_t i = 0; i < 3; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

// Eight pictures from a multiple of eight show each class once, in an order of their own.
int label_of(std::uint64_t seed, std::uint64_t index) {
  std::array<int, kOutlines> order{};
  for (int i = 0; i < kOutlines; ++i) order[static_cast<std::size_t>(i)] = i;
  Draws draws(seed, index / kOutlines, kLabels);
  for (int i = kOutlines - 1; i > 0; --i) {
    std::swap(order[static_cast<std::size_t>(i)],
              order[static_cast<std::size_t>(draws.below(i + 1))]);
  }
  return order[static_cast<std::size_t>(index % kOutlines)];
}

// The colours of one picture: two behind, two of the object, which stand off from both behind.
struct Palette {
  Colour behind, behind_too, object, object_too;
};

Palette palette(Draws& draws) {
  Palette p{};
  p.behind = draws.colour(0.1, 0.7, 0.15, 0.9);
  do {
    p.behind_too = draws.colour(0.1, 0.7, 0.15, 0.9);
  } while (distance(p.behind, p.behind_too) < 0.12 || distance(p.behind, p.behind_too) > 0.45);
  const auto stands_off = [&](const Colour& c) {
    return distance(c, p.behind) > 0.5 && distance(c, p.behind_too) > 0.5;
  };
  do {
    p.object = draws.colour(0.2, 0.95, 0.1, 1);
  } while (!stands_off(p.object));
  do {
    p.object_too = mix(p.object, draws.colour(0.2, 0.95, 0.1, 1), 0.4);
  } while (!stands_off(p.object_too));
  return p;
}

class Canvas {
 public:
  Canvas() : pixels_(static_cast<std::size_t>(kSize) * kSize) {}
  Colour& at(int x, int y) { return pixels_[static_cast<std::size_t>(y * kSize + x)]; }

  // Paints `colour(p)` wherever `covers(p)` holds, with smooth edges, in the square of half side
  // `reach` around `centre`. Calls note(x, y, share) for every pixel that it touches.
  template <class Covers, class Paint, class Note>
  void paint(Point centre, double reach, Covers covers, Paint colour, Note note) {
    const int left = std::max(0, static_cast<int>(std::floor(centre.x - reach)));
    const int right = std::min(kSize - 1, static_cast<int>(std::floor(centre.x + reach)));
    const int top = std::max(0, static_cast<int>(std::floor(centre.y - reach)));
    const int bottom = std::min(kSize - 1, static_cast<int>(std::floor(centre.y + reach)));
    for (int y = top; y <= bottom; ++y) {
      for (int x = left; x <= right; ++x) {
        int hits = 0;
        for (int i = 0; i < kSamples * kSamples; ++i) {
          hits += covers(
              Point{x + (i % kSamples + 0.5) / kSamples, y + (i / kSamples + 0.5) / kSamples});
        }
        if (hits == 0) continue;
        const double share = static_cast<double>(hits) / (kSamples * kSamples);
        at(x, y) = mix(at(x, y), colour(Point{x + 0.5, y + 0.5}), share);
        note(x, y, share);
      }
    }
  }

 private:
  std::vector<Colour> pixels_;
};

void paint_background(Canvas& canvas, const Palette& colours, Draws draws) {
  using Kind = Texture::Kind;
  constexpr std::array kKinds{Kind::noise,    Kind::noise,  Kind::stripes,
                              Kind::gradient, Kind::checks, Kind::blotches};
  const Kind kind = kKinds[static_cast<std::size_t>(draws.below(kKinds.size()))];
  const Texture pattern(kind, colours.behind, colours.behind_too, draws);
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) canvas.at(x, y) = pattern.at(Point{x + 0.5, y + 0.5});
  }
}

// Bits that are no class: dots too small for one, strokes, and bent strokes.
void paint_distractors(Canvas& canvas, const Palette& colours, Draws draws) {
  const int count = 3 + draws.below(7);
  for (int i = 0; i < count; ++i) {
    const Colour& near = draws.chance(0.7) ? colours.object : colours.object_too;
    const Colour far = draws.colour(0.1, 0.9, 0.1, 1);
    const Colour tint = mix(near, far, draws.uniform(0, 0.35));
    const auto paint = [&](Point) { return tint; };
    const auto unnoted = [](int, int, double) {};
    const Point start{draws.uniform(0, kSize), draws.uniform(0, kSize)};
    const double width = draws.uniform(0.6, 1.3);
    const double long_way = draws.uniform(4, 16), short_way = draws.uniform(3, 9);
    const Point first = start + draws.direction() * long_way;
    const Point second = first + draws.direction() * short_way;
    const double dot_radius = draws.uniform(1, 2.4);
    switch (draws.below(3)) {
      case 0: {
        const auto covers = [&](Point p) {
          return dot(p - start, p - start) <= dot_radius * dot_radius;
        };
        canvas.paint(start, dot_radius, covers, paint, unnoted);
        break;
      }
      case 1: {
        const auto covers = [&](Point p) { return distance_to_segment(p, start, first) <= width; };
        canvas.paint(start, 20, covers, paint, unnoted);
        break;
      }
      default: {
        const auto covers = [&](Point p) {
          return std::min(distance_to_segment(p, start, first),
                          distance_to_segment(p, first, second)) <= width;
        };
        canvas.paint(start, 30, covers, paint, unnoted);
      }
    }
  }
}

void paint_object(Canvas& canvas, Outline outline, const Palette& colours, Draws draws,
                  Tensor& mask) {
  using Kind = Texture::Kind;
  constexpr std::array kKinds{Kind::flat, Kind::flat, Kind::noise, Kind::gradient, Kind::stripes};
  const double radius = draws.uniform(9, 18);
  const double least = radius + 1, most = kSize - radius - 1;
  const Point centre{draws.uniform(least, most), draws.uniform(least, most)};
  const Point right = draws.direction(), down{-right.y, right.x};
  const Kind kind = kKinds[static_cast<std::size_t>(draws.below(kKinds.size()))];
  const Texture pattern(kind, colours.object, colours.object_too, draws);
  const auto covers = [&](Point p) {
    const Point q = (p - centre) * (1 / radius);
    return inside(outline, {dot(q, right), dot(q, down)});
  };
  const auto paint = [&](Point p) { return pattern.at(p); };
  const auto note = [&](int x, int y, double share) {
    mask.data()[y * kSize + x] = share >= 0.5 ? 1.0F : 0.0F;
  };
  canvas.paint(centre, radius, covers, paint, note);
}

// A grain of a few levels on every channel, as a camera's, then 8 bits.
Tensor developed(Canvas& canvas, Draws draws) {
  const double grain = draws.uniform(0.005, 0.03);
  Tensor image = Tensor::host({1, 3, kSize, kSize});
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double value = canvas.at(x, y)[static_cast<std::size_t>(c)] +
                             grain * (draws.uniform(-1, 1) + draws.uniform(-1, 1));
        const double level = std::floor(std::clamp(value, 0.0, 1.0) * 255 + 0.5);
        image.data()[(c * kSize + y) * kSize + x] = static_cast<float>(level) / 255.0F;
      }
    }
  }
  return image;
}

}  // namespace

ShapesSample shapes(std::uint64_t seed, std::uint64_t index) {
  const int label = label_of(seed, index);
  Draws colour_draws(seed, index, kColours);
  const Palette colours = palette(colour_draws);
  Tensor mask = Tensor::host({1, 1, kSize, kSize});
  std::fill_n(mask.data(), mask.count(), 0.0F);

  Canvas canvas;
  paint_background(canvas, colours, Draws(seed, index, kBackground));
  paint_distractors(canvas, colours, Draws(seed, index, kDistractors));
  paint_object(canvas, static_cast<Outline>(label), colours, Draws(seed, index, kObject), mask);
  return {developed(canvas, Draws(seed, index, kGrain)), std::move(mask), label};
}

std::int64_t shapes_label(std::uint64_t seed, std::uint64_t index) { return label_of(seed, index); }

const std::vector<std::string>& shapes_labels() {
  static const std::vector<std::string> labels = {"disc", "ring",  "square",   "triangle",
                                                  "star", "cross", "crescent", "heart"};
  return labels;
}

}  // namespace phosphene
