// Pictures of reports: what is drawn is where it should be, and the same bytes twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "apps/drawing/canvas.hpp"
#include "apps/drawing/font.hpp"
#include "apps/drawing/plot.hpp"

namespace apps {
namespace {

using phosphene::Shape;
using phosphene::Tensor;

/// How much is inked, in pixels, of a white picture that black was drawn on.
double ink(const Tensor& picture) {
  double sum = 0;
  for (std::int64_t i = 0; i < picture.shape().pixels(); ++i) sum += 1 - picture.data()[i];
  return sum;
}

constexpr Colour kBlack{0, 0, 0};

TEST(Canvas, LinesCoverTheirArea) {
  Canvas canvas(100, 60);
  const std::array<Point, 3> corner{{{10, 10.5}, {50, 10.5}, {50, 50}}};
  canvas.line(corner, 3, kBlack);
  // Two strips that share half of their ends at the corner, and the round ends of a pen of 3.
  EXPECT_NEAR(ink(canvas.take()), 3 * (40 + 39.5) + 7 - 2.25, 4);
}

TEST(Canvas, DashesCoverHalf) {
  Canvas whole(220, 20), dashed(220, 20);
  const std::array<Point, 2> line{{{10, 10}, {210, 10}}};
  whole.line(line, 2, kBlack);
  dashed.line(line, 2, kBlack, 10);
  EXPECT_NEAR(ink(dashed.take()) / ink(whole.take()), 0.5, 0.1);  // the ends of dashes are round
}

TEST(Canvas, BandsFillWhatLiesBetween) {
  Canvas canvas(50, 50);
  const std::array<Point, 2> upper{{{5, 10}, {45, 30}}}, lower{{{5, 40}, {45, 40}}};
  canvas.band(upper, lower, kBlack, 1);
  EXPECT_NEAR(ink(canvas.take()), 40 * 20, 1);
}

TEST(Canvas, MarkersHaveAboutTheSameSize) {
  for (const Marker shape : {Marker::disc, Marker::square, Marker::triangle, Marker::diamond}) {
    Canvas canvas(40, 40);
    canvas.marker(shape, {20, 20}, 10, kBlack);
    EXPECT_NEAR(ink(canvas.take()), 310, 60) << static_cast<int>(shape);
  }
}

TEST(Canvas, EnlargedPixelsAreSquares) {
  Tensor small = Tensor::host({1, 3, 1, 2});
  std::copy_n(std::array<float, 6>{0, 1, 0.25F, 0.5F, 1, 0}.data(), 6, small.data());
  Canvas canvas(8, 4, kBlack);
  canvas.image(small, 0, 0, 8, 4);
  const Tensor picture = canvas.take();
  for (std::int64_t i = 0; i < 3 * 32; ++i) {
    EXPECT_EQ(picture.data()[i], small.data()[i / 32 * 2 + (i % 8) / 4]) << i;
  }
}

TEST(Canvas, ShrunkPicturesKeepTheirMean) {
  Tensor large = Tensor::host({1, 1, 6, 9});
  for (std::int64_t i = 0; i < 54; ++i) large.data()[i] = static_cast<float>(i) / 64;
  Canvas canvas(4, 4, kBlack);
  canvas.image(large, 0, 0, 4, 4);
  const Tensor picture = canvas.take();
  EXPECT_NEAR(ink(picture) / 16, 1 - 26.5 / 64, 1e-6);
}

TEST(Canvas, WhatLiesOutsideIsCutOff) {
  Canvas canvas(10, 10);
  canvas.fill(-5, -5, 100, 100, kBlack);
  canvas.marker(Marker::disc, {0, 10}, 4, kBlack);
  canvas.text("outside", {-20, 30}, 20);
  EXPECT_EQ(ink(canvas.take()), 100);
}

TEST(Text, IsAsWideAsItSays) {
  const std::string words = "Wilson ε = 8/255";
  Canvas canvas(300, 60);
  canvas.text(words, {10, 40}, 24, Align::left, kBlack);
  const Tensor picture = canvas.take();
  std::int64_t first = 300, last = 0;
  for (std::int64_t i = 0; i < 300 * 60; ++i) {
    if (picture.data()[i] > 0.5F) continue;
    first = std::min(first, i % 300);
    last = std::max(last, i % 300);
  }
  EXPECT_NEAR(static_cast<double>(first), 10, 3);
  EXPECT_NEAR(static_cast<double>(last), 10 + text_width(words, 24), 4);
}

TEST(Text, UpwardsIsTheSameTurned) {
  Canvas level(120, 120), upright(120, 120);
  level.text("Rates", {60, 60}, 20, Align::centre);
  upright.text_upwards("Rates", {60, 60}, 20, Align::centre);
  const Tensor a = level.take(), b = upright.take();
  for (std::int64_t y = 1; y < 119; ++y) {
    for (std::int64_t x = 1; x < 119; ++x) {
      ASSERT_EQ(a.data()[y * 120 + x], b.data()[(120 - x) * 120 + y]) << x << ' ' << y;
    }
  }
}

TEST(Text, KnowsUtf8) {
  EXPECT_THAT(code_points("aε∞"), testing::ElementsAre('a', 0x3B5, 0x221E));
  EXPECT_THAT(code_points("\xFF"
                          "a\xE2\x88"),
              testing::ElementsAre(0xFFFD, 'a', 0xFFFD));
}

TEST(Text, IsCutToAWidth) {
  EXPECT_EQ(fitted("cat", 20, 100), "cat");
  const std::string cut = fitted("Egyptian cat, ε ∞", 20, 100);
  EXPECT_TRUE(cut.starts_with("Egypt") && cut.ends_with("…")) << cut;
  EXPECT_LE(text_width(cut, 20), 100);
  EXPECT_EQ(fitted("wide", 20, 1), "…");
}

TEST(Plot, TicksAreRound) {
  EXPECT_THAT(ticks(100), testing::ElementsAre(0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100));
  EXPECT_THAT(ticks(16), testing::ElementsAre(0, 2, 4, 6, 8, 10, 12, 14, 16));
  EXPECT_THAT(ticks(1), testing::SizeIs(11));
  EXPECT_THAT(ticks(0.03), testing::SizeIs(testing::AllOf(testing::Ge(4), testing::Le(11))));
}

TEST(Plot, IsTheSameTwiceAndShowsItsCurve) {
  Plot plot{"A title", "x", "y", 0, 100, {}};
  plot.series.push_back({"falls", {{0, 90}, {1, 40}, {2, 5}}, {{85, 95}, {30, 50}, {1, 9}}, true});
  const Tensor one = draw(plot), two = draw(plot);
  EXPECT_EQ(one.shape(), (Shape{1, 3, 780, 1200}));
  EXPECT_TRUE(std::equal(one.data(), one.data() + one.count(), two.data()));
  const Colour colour = series_colour(0);
  std::int64_t blue = 0;
  for (std::int64_t i = 0; i < one.shape().pixels(); ++i) {
    blue += one.data()[i] == colour.red && one.data()[2 * one.shape().pixels() + i] == colour.blue;
  }
  EXPECT_GT(blue, 3000);
}

TEST(Plot, WithoutALineNothingIsBetweenThePoints) {
  const auto coloured = [](bool line) {
    Plot plot{"", "", "", 0, 100, {}};
    plot.series.push_back({"", {{0, 90}, {1, 10}}, {{85, 95}, {5, 15}}, true, line});
    const Tensor image = draw(plot);
    const float* row = image.data() + 375 * image.shape().w;  // half way down
    return std::count(row + 200, row + 1100, series_colour(0).red);
  };
  EXPECT_GT(coloured(true), 0);
  EXPECT_EQ(coloured(false), 0);
}

std::int64_t of_colour(const Tensor& image, const Colour& colour) {
  const std::int64_t pixels = image.shape().pixels();
  const auto is = [&](std::int64_t i, float value) {
    return std::abs(image.data()[i] - value) < 1e-3F;
  };
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < pixels; ++i) {
    count += is(i, colour.red) && is(pixels + i, colour.green) && is(2 * pixels + i, colour.blue);
  }
  return count;
}

TEST(Plot, NoBandCoversAnothersLine) {
  const Series low{"", {{0, 20}, {1, 20}}, {{19, 21}, {19, 21}}, false};
  const Series wide{"", {{0, 80}, {1, 80}}, {{1, 99}, {1, 99}}, false};
  const auto second = [](std::vector<Series> series) {
    return of_colour(draw({"", "", "", 0, 100, std::move(series)}), series_colour(1));
  };
  EXPECT_EQ(second({wide, low}), second({{"", {}, {}, false}, low}));
}

TEST(Plot, SinglePointsOfOneValueAreAllSeen) {
  const Series point{"", {{0, 90}, {8, 40}}, {{85, 95}, {30, 50}}, true, false};
  const Tensor image = draw({"", "", "", 0, 100, {point, point, point}});
  const std::int64_t first = of_colour(image, series_colour(0));
  EXPECT_GT(first, 300);
  for (const std::size_t i : {1U, 2U}) EXPECT_GT(of_colour(image, series_colour(i)), first / 2);
}

TEST(Plot, ASinglePointOnALineIsSeen) {
  const Series line{"", {{0, 90}, {4, 60}, {8, 40}}};
  const Series point{"", {{4, 60}}, {}, true, false};
  const auto second = [](std::vector<Series> series) {
    return of_colour(draw({"", "", "", 0, 100, std::move(series)}), series_colour(1));
  };
  EXPECT_GT(second({line, point}), second({{"", {}, {}, false}, point}) / 2);
}

TEST(Plot, SinglePointsStandAroundTheirValue) {
  const Series line{"", {{0, 90}, {8, 10}}, {}, false}, point{"", {{8, 40}}, {}, true, false};
  const Tensor image = draw({"", "", "", 0, 100, {line, point, point}});
  // On the row of the points the grid's line of 40 is hidden by them alone.
  const auto middle = [&](std::size_t series) {
    double sum = 0, count = 0;
    const std::int64_t pixels = image.shape().pixels(), width = image.shape().w;
    for (std::int64_t i = 430 * width; i < 440 * width; ++i) {
      if (std::abs(image.data()[i] - series_colour(series).red) > 1e-3F ||
          std::abs(image.data()[pixels + i] - series_colour(series).green) > 1e-3F) {
        continue;
      }
      sum += static_cast<double>(i % width);
      ++count;
    }
    return sum / count;
  };
  // The line ends at 8, whose place is that of its last point's colour on the row of 10.
  double end = 0;
  const std::int64_t width = image.shape().w;
  for (std::int64_t x = 0; x < width; ++x) {
    if (std::abs(image.data()[611 * width + x] - series_colour(0).red) < 1e-3F) {
      end = static_cast<double>(x);
    }
  }
  EXPECT_NEAR((middle(1) + middle(2)) / 2, end, 3);
  EXPECT_LT(middle(2), 1160);
}

TEST(Plot, ALongTitleEndsWithinThePicture) {
  const Tensor image = draw({std::string(150, 'W'), "", "", 0, 1, {}});
  for (std::int64_t y = 0; y < 60; ++y) {
    for (std::int64_t x = 1185; x < 1200; ++x) {
      ASSERT_EQ(image.data()[y * 1200 + x], 1) << x << ' ' << y;
    }
  }
}

TEST(Plot, OfOnePointHasItToo) {
  Plot plot{"", "", "", 0, 1, {}};
  plot.series.push_back({"point", {{0, 0.5}}, {{0.25, 0.75}}, true});
  EXPECT_EQ(draw(plot).shape(), (Shape{1, 3, 780, 1200}));
}

}  // namespace
}  // namespace apps
