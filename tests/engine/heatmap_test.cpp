#include "phosphene/heatmap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;

Tensor map_of(std::vector<float> values) {
  Tensor map = Tensor::host({1, 1, 1, static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i) map.data()[i] = values[i];
  return map;
}

std::vector<float> pixel(const Tensor& picture, std::int64_t p) {
  std::vector<float> colour;
  for (std::int64_t c = 0; c < 3; ++c) {
    colour.push_back(picture.data()[c * picture.shape().pixels() + p]);
  }
  return colour;
}

TEST(Heatmap, ColoursOfTheEndsAndTheMiddle) {
  const Tensor map = map_of({-2, 0, 2});
  const Tensor jet = colourise(map, {.colours = ColourMap::jet});
  EXPECT_THAT(pixel(jet, 0), ElementsAre(0, 0, 0.5F));
  EXPECT_THAT(pixel(jet, 1), ElementsAre(0.5F, 1, 0.5F));
  EXPECT_THAT(pixel(jet, 2), ElementsAre(0.5F, 0, 0));
  const Tensor grey = colourise(map, {.colours = ColourMap::grey});
  EXPECT_THAT(pixel(grey, 0), ElementsAre(0, 0, 0));
  EXPECT_THAT(pixel(grey, 1), ElementsAre(0.5F, 0.5F, 0.5F));
  const Tensor viridis = colourise(map, {.colours = ColourMap::viridis});
  EXPECT_THAT(pixel(viridis, 2),
              ElementsAre(FloatEq(253 / 255.F), FloatEq(231 / 255.F), FloatEq(37 / 255.F)));
}

/// Lightness (CIE 1931 luminance, by its rank) rises all the way, so that a print in grey reads
/// the same.
TEST(Heatmap, ViridisGetsLighterAllTheWay) {
  std::vector<float> ramp;
  for (int i = 0; i <= 100; ++i) ramp.push_back(static_cast<float>(i));
  const Tensor picture = colourise(map_of(ramp), {.colours = ColourMap::viridis});
  float before = -1;
  for (int i = 0; i <= 100; ++i) {
    const auto c = pixel(picture, i);
    const float luma = 0.2126F * c[0] + 0.7152F * c[1] + 0.0722F * c[2];
    EXPECT_GT(luma, before) << i;
    before = luma;
  }
}

TEST(Heatmap, RangesFitTheValues) {
  const Tensor map = map_of({-1, 0, 1, 2, std::numeric_limits<float>::quiet_NaN(), 40});
  EXPECT_EQ(range_of(map, ColourMap::jet).low, -1);
  EXPECT_EQ(range_of(map, ColourMap::jet).high, 40);
  EXPECT_EQ(range_of(map, ColourMap::jet, 0.25F).high, 2);  // one of the four beyond the least
  EXPECT_EQ(range_of(map, ColourMap::diverging).low, -40);
  // 0 is white-grey however uneven the values are.
  const Tensor picture = colourise(map, {.colours = ColourMap::diverging});
  EXPECT_THAT(pixel(picture, 1),
              ElementsAre(FloatEq(221 / 255.F), FloatEq(220 / 255.F), FloatEq(220 / 255.F)));
  // Values beyond the range get the colours of its ends, a reversed range turns them around.
  const Tensor reversed =
      colourise(map, {.colours = ColourMap::grey, .range = ValueRange{.low = 1, .high = 0}});
  EXPECT_THAT(pixel(reversed, 0), ElementsAre(1, 1, 1));
  EXPECT_THAT(pixel(reversed, 5), ElementsAre(0, 0, 0));
}

/// A map that is the same everywhere has no colour but the first, whatever its value.
TEST(Heatmap, AFlatMapIsDarkNotNan) {
  EXPECT_THAT(pixel(colourise(map_of({3, 3}), {.colours = ColourMap::grey}), 1),
              ElementsAre(0, 0, 0));
}

TEST(Heatmap, LiesOverThePhotograph) {
  Tensor photo = Tensor::host({1, 3, 1, 3});
  for (int i = 0; i < 9; ++i) photo.data()[i] = 0.25F;
  const Tensor map = map_of({0, 1, std::numeric_limits<float>::quiet_NaN()});
  const Tensor picture = overlay(photo, map, {.colours = ColourMap::grey, .opacity = 0.5F});
  EXPECT_THAT(pixel(picture, 0), ElementsAre(0.125F, 0.125F, 0.125F));
  EXPECT_THAT(pixel(picture, 1), ElementsAre(0.625F, 0.625F, 0.625F));
  EXPECT_THAT(pixel(picture, 2), ElementsAre(0.25F, 0.25F, 0.25F));   // no value: as it was
  EXPECT_EQ(overlay(photo, map_of({1}), {}).shape(), photo.shape());  // enlarged
  EXPECT_THROW(overlay(photo, map, {.opacity = 1.5F}), UsageError);
  EXPECT_THROW(overlay(map, map, {}), UsageError);
}

TEST(Heatmap, SignedPicturesAreGreyWhereTheyAreZero) {
  Tensor gradient = Tensor::host({1, 3, 1, 1});
  gradient.data()[0] = -2;
  gradient.data()[1] = 0;
  gradient.data()[2] = 1;
  EXPECT_THAT(pixel(centred(gradient), 0), ElementsAre(0, 0.5F, 0.75F));
}

TEST(Heatmap, NamesItsColours) {
  EXPECT_EQ(parse_colour_map("viridis"), ColourMap::viridis);
  EXPECT_THROW(parse_colour_map("hot"), UsageError);
}

}  // namespace
}  // namespace phosphene
