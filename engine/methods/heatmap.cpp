#include "phosphene/heatmap.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "phosphene/error.hpp"
#include "phosphene/framing.hpp"

namespace phosphene {
namespace {

using Colour = std::array<float, 3>;
using Anchors = std::array<std::array<std::uint8_t, 3>, 17>;

/// matplotlib's viridis and coolwarm (Smith, van der Walt; Moreland 2009) at every sixteenth.
constexpr Anchors kViridis{{{68, 1, 84},
                            {72, 24, 106},
                            {71, 45, 123},
                            {66, 64, 134},
                            {59, 82, 139},
                            {51, 99, 141},
                            {44, 114, 142},
                            {38, 130, 142},
                            {33, 145, 140},
                            {31, 160, 136},
                            {40, 174, 128},
                            {63, 188, 115},
                            {94, 201, 98},
                            {132, 212, 75},
                            {173, 220, 48},
                            {216, 226, 25},
                            {253, 231, 37}}};
constexpr Anchors kDiverging{{{59, 76, 192},
                              {78, 104, 216},
                              {98, 130, 234},
                              {119, 154, 247},
                              {141, 176, 254},
                              {163, 194, 254},
                              {185, 208, 249},
                              {204, 217, 237},
                              {221, 220, 220},
                              {236, 211, 197},
                              {245, 196, 172},
                              {247, 176, 147},
                              {244, 152, 122},
                              {235, 125, 98},
                              {221, 95, 75},
                              {202, 59, 55},
                              {180, 4, 38}}};

Colour between(const Anchors& anchors, float t) {
  const float place = t * static_cast<float>(anchors.size() - 1);
  const std::size_t i = std::min(static_cast<std::size_t>(place), anchors.size() - 2);
  const float share = place - static_cast<float>(i);
  Colour colour;
  for (std::size_t c = 0; c < 3; ++c) {
    const auto a = static_cast<float>(anchors[i][c]), b = static_cast<float>(anchors[i + 1][c]);
    colour[c] = (a + share * (b - a)) / 255;
  }
  return colour;
}

Colour colour_of(ColourMap colours, float t) {
  switch (colours) {
    case ColourMap::jet: {
      const auto ramp = [t](float middle) {
        return std::clamp(1.5F - std::abs(4 * t - middle), 0.0F, 1.0F);
      };
      return {ramp(3), ramp(2), ramp(1)};
    }
    case ColourMap::viridis:
      return between(kViridis, t);
    case ColourMap::grey:
      return {t, t, t};
    case ColourMap::diverging:
      return between(kDiverging, t);
  }
  throw Error("colour_of: unknown colour map");
}

void check_map(const Tensor& map) {
  if (map.shape().n != 1 || map.shape().c != 1) {
    throw UsageError("a heat map is drawn of 1x1xHxW values, got " + to_string(map.shape()));
  }
}

float place_in(const ValueRange& range, float value) {
  if (range.high == range.low) return 0;
  return std::clamp((value - range.low) / (range.high - range.low), 0.0F, 1.0F);
}

/// The value that a share `clipped` of `values` exceeds: their maximum for 0.
float upper(std::vector<float>& values, float clipped) {
  const auto last = static_cast<double>(values.size() - 1);
  const auto rank = std::lround(last * (1 - static_cast<double>(clipped)));
  const auto at = values.begin() + rank;
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

std::vector<float> numbers(const Tensor& map, bool absolute) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < map.count(); ++i) {
    const float v = map.data()[i];
    if (!std::isnan(v)) values.push_back(absolute ? std::abs(v) : v);
  }
  return values;
}

}  // namespace

ColourMap parse_colour_map(const std::string& name) {
  constexpr std::array<std::pair<const char*, ColourMap>, 4> kMaps{
      {{"jet", ColourMap::jet},
       {"viridis", ColourMap::viridis},
       {"grey", ColourMap::grey},
       {"diverging", ColourMap::diverging}}};
  for (const auto& [text, colours] : kMaps) {
    if (name == text) return colours;
  }
  throw UsageError("--colours '" + printable(name) + "': expected jet, viridis, grey, diverging");
}

ValueRange range_of(const Tensor& map, ColourMap colours, float clipped) {
  const bool signed_map = colours == ColourMap::diverging;
  std::vector<float> values = numbers(map, signed_map);
  if (values.empty()) return {0, 0};
  const float high = upper(values, clipped);
  if (signed_map) return {-high, high};
  return {*std::ranges::min_element(values), high};
}

Tensor colourise(const Tensor& map, const HeatmapOptions& options) {
  check_map(map);
  const ValueRange range = options.range ? *options.range : range_of(map, options.colours);
  const std::int64_t pixels = map.shape().pixels();
  Tensor picture = Tensor::host({1, 3, map.shape().h, map.shape().w});
  for (std::int64_t p = 0; p < pixels; ++p) {
    const float value = map.data()[p];
    const Colour colour =
        colour_of(options.colours, std::isnan(value) ? 0 : place_in(range, value));
    for (std::size_t c = 0; c < 3; ++c) {
      picture.data()[static_cast<std::int64_t>(c) * pixels + p] = colour[c];
    }
  }
  return picture;
}

Tensor overlay(const Tensor& photo, const Tensor& map, const HeatmapOptions& options) {
  check_map(map);
  const Shape& s = photo.shape();
  if (s.n != 1 || s.c != 3) {
    throw UsageError("a heat map is laid over a photograph 1x3xHxW, got " + to_string(s));
  }
  if (!(options.opacity >= 0 && options.opacity <= 1)) {
    throw UsageError("--opacity " + std::to_string(options.opacity) + ": expected 0 to 1");
  }
  const bool fits = map.shape().h == s.h && map.shape().w == s.w;
  const Tensor large = fits ? map.view() : upsample(map, s.h, s.w);
  HeatmapOptions of_map = options;
  if (!of_map.range) of_map.range = range_of(map, options.colours);
  Tensor picture = colourise(large, of_map);
  for (std::int64_t i = 0; i < picture.count(); ++i) {
    const float a = std::isnan(large.data()[i % s.pixels()]) ? 0 : options.opacity;
    picture.data()[i] = (1 - a) * photo.data()[i] + a * picture.data()[i];
  }
  return picture;
}

Tensor centred(const Tensor& signed_picture, float clipped) {
  std::vector<float> values = numbers(signed_picture, true);
  const float most = values.empty() ? 0 : upper(values, clipped);
  Tensor picture = Tensor::host(signed_picture.shape());
  for (std::int64_t i = 0; i < picture.count(); ++i) {
    const float v = signed_picture.data()[i];
    picture.data()[i] =
        std::isnan(v) || most == 0 ? 0.5F : std::clamp(0.5F + v / (2 * most), 0.0F, 1.0F);
  }
  return picture;
}

}  // namespace phosphene
