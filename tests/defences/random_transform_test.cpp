// What is drawn: each number of a transform can be read off pictures that are ramps of one
// coordinate, which bilinear sampling keeps as they are.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "phosphene/defences/transform.hpp"
#include "tests/defences/transform_cases.hpp"

namespace phosphene {
namespace {

using namespace ::phosphene::testing;

constexpr std::int64_t kDraws = 64, kHeight = 40, kWidth = 48;
constexpr Shape kShape{kDraws, 3, kHeight, kWidth};

/// Channel 0 is the column, 1 the row, 2 is 1 everywhere: there is picture.
Tensor ramps() {
  Tensor images = Tensor::host(kShape);
  for (std::int64_t i = 0; i < images.count(); ++i) {
    const std::int64_t channel = i / kShape.pixels() % 3;
    images.data()[i] = static_cast<float>(channel == 0   ? i % kWidth
                                          : channel == 1 ? i / kWidth % kHeight
                                                         : 1);
  }
  return images;
}

struct Place {
  double x, y;
};

class Drawn {
 public:
  explicit Drawn(const std::string& spec)
      : images_(through(context_, parse_transforms(context_, spec), ramps(), draws_of(kDraws, 0))) {
  }
  /// Where draw n looked for pixel (x, y) of its result.
  Place seen(std::int64_t n, std::int64_t x, std::int64_t y) const {
    return {value(n, 0, x, y), value(n, 1, x, y)};
  }
  double value(std::int64_t n, std::int64_t channel, std::int64_t x, std::int64_t y) const {
    return images_.data()[((n * 3 + channel) * kHeight + y) * kWidth + x];
  }

 private:
  const Context context_{ContextOptions{.device = "cpu", .seed = 3}};
  Tensor images_;
};

/// 64 uniform draws leave no more than a tenth of the range empty at either end (but once in 800).
void expect_spread(const std::vector<double>& drawn, double low, double high) {
  const auto [least, most] = std::minmax_element(drawn.begin(), drawn.end());
  const double slack = 1e-3 * (high - low), gap = 0.1 * (high - low);
  EXPECT_GE(*least, low - slack);
  EXPECT_LE(*most, high + slack);
  EXPECT_LT(*least, low + gap);
  EXPECT_GT(*most, high - gap);
}

TEST(RandomTransforms, RotateAboutTheMiddle) {
  const Drawn drawn("rotate:20");
  std::vector<double> angles;
  for (std::int64_t n = 0; n < kDraws; ++n) {
    const Place a = drawn.seen(n, 20, 20), b = drawn.seen(n, 28, 20), c = drawn.seen(n, 20, 28);
    EXPECT_NEAR(std::hypot(b.x - a.x, b.y - a.y), 8, 1e-4);
    EXPECT_NEAR((b.x - a.x) * (c.x - a.x) + (b.y - a.y) * (c.y - a.y), 0, 1e-3);
    angles.push_back(std::atan2(b.y - a.y, b.x - a.x) * 180 / std::numbers::pi);
    // (23.5, 19.5), the middle, stays: it lies between these four.
    double x = 0, y = 0;
    for (const Place& p : {drawn.seen(n, 23, 19), drawn.seen(n, 24, 19), drawn.seen(n, 23, 20),
                           drawn.seen(n, 24, 20)}) {
      x += p.x / 4;
      y += p.y / 4;
    }
    EXPECT_NEAR(x, 23.5, 1e-4);
    EXPECT_NEAR(y, 19.5, 1e-4);
  }
  expect_spread(angles, -20, 20);
}

TEST(RandomTransforms, ScaleAboutTheMiddle) {
  const Drawn drawn("scale:0.8..1.5");
  std::vector<double> scales;
  for (std::int64_t n = 0; n < kDraws; ++n) {
    const Place a = drawn.seen(n, 20, 16), b = drawn.seen(n, 27, 23);
    EXPECT_NEAR(b.x - a.x, b.y - a.y, 1e-4);
    EXPECT_NEAR(a.x + b.x, 47, 1e-4);
    EXPECT_NEAR(a.y + b.y, 39, 1e-4);
    scales.push_back(7 / (b.x - a.x));
  }
  expect_spread(scales, 0.8, 1.5);
}

TEST(RandomTransforms, ShrinkOntoBlackAtAnyPlace) {
  const Drawn drawn("resize-pad:0.5");
  std::vector<double> scales, places;
  for (std::int64_t n = 0; n < kDraws; ++n) {
    // The middle of the result is within the picture whatever its place.
    const Place a = drawn.seen(n, 23, 19), b = drawn.seen(n, 24, 20);
    const double scale = 1 / (b.x - a.x);
    EXPECT_NEAR(b.x - a.x, b.y - a.y, 1e-4);
    scales.push_back(scale);
    // Its left edge, at column -0.5 of the picture, over what is free.
    const double left = 23 - (a.x + 0.5) * scale + 0.5;
    if (scale < 0.9) places.push_back(left / ((1 - scale) * kWidth));
    const double lit = drawn.value(n, 2, 0, 0) + drawn.value(n, 2, kWidth - 1, kHeight - 1);
    if (scale < 0.9) {
      EXPECT_LT(lit, 2);
    }
  }
  expect_spread(scales, 0.5, 1);
  expect_spread(places, 0, 1);
}

/// The homography through four pairs of places, by elimination: its eight numbers.
std::array<double, 8> through_places(const std::array<Place, 4>& from,
                                     const std::array<Place, 4>& to) {
  double a[8][9] = {};
  for (std::size_t k = 0; k < 4; ++k) {
    const double x = from[k].x, y = from[k].y;
    const double rows[2][9] = {{x, y, 1, 0, 0, 0, -x * to[k].x, -y * to[k].x, to[k].x},
                               {0, 0, 0, x, y, 1, -x * to[k].y, -y * to[k].y, to[k].y}};
    for (std::size_t r = 0; r < 2; ++r) std::copy_n(rows[r], 9, a[2 * k + r]);
  }
  for (std::size_t p = 0; p < 8; ++p) {
    std::size_t best = p;
    for (std::size_t r = p; r < 8; ++r) {
      if (std::abs(a[r][p]) > std::abs(a[best][p])) best = r;
    }
    std::swap_ranges(a[p], a[p] + 9, a[best]);
    for (std::size_t r = 0; r < 8; ++r) {
      const double factor = r == p ? 0 : a[r][p] / a[p][p];
      for (std::size_t c = p; c < 9; ++c) a[r][c] -= factor * a[p][c];
    }
  }
  std::array<double, 8> solution{};
  for (std::size_t p = 0; p < 8; ++p) solution[p] = a[p][8] / a[p][p];
  return solution;
}

TEST(RandomTransforms, MoveTheCornersForAViewpoint) {
  const Drawn drawn("viewpoint:0.2");
  std::vector<double> moves;
  for (std::int64_t n = 0; n < kDraws; ++n) {
    const std::array<Place, 4> to = {{{12, 10}, {36, 10}, {36, 30}, {12, 30}}};
    std::array<Place, 4> from;
    for (std::size_t k = 0; k < 4; ++k) {
      from[k] =
          drawn.seen(n, static_cast<std::int64_t>(to[k].x), static_cast<std::int64_t>(to[k].y));
    }
    const auto h = through_places(from, to);
    const auto moved = [&](Place p) {
      const double w = h[6] * p.x + h[7] * p.y + 1;
      return Place{(h[0] * p.x + h[1] * p.y + h[2]) / w, (h[3] * p.x + h[4] * p.y + h[5]) / w};
    };
    const Place middle = drawn.seen(n, 24, 20), back = moved(middle);
    EXPECT_NEAR(back.x, 24, 1e-2);
    EXPECT_NEAR(back.y, 20, 1e-2);
    for (const Place corner : {Place{-0.5, -0.5}, Place{kWidth - 0.5, -0.5},
                               Place{-0.5, kHeight - 0.5}, Place{kWidth - 0.5, kHeight - 0.5}}) {
      moves.push_back((moved(corner).x - corner.x) / (0.5 * kWidth));
      moves.push_back((moved(corner).y - corner.y) / (0.5 * kHeight));
    }
  }
  expect_spread(moves, -0.2, 0.2);
}

// Two turns of up to 20 degrees, sampled once: no turn is the other's.
TEST(RandomTransforms, WarpsThatFollowEachOtherAreOne) {
  const Drawn drawn("rotate:20+rotate:20");
  double most = 0;
  for (std::int64_t n = 0; n < kDraws; ++n) {
    const Place a = drawn.seen(n, 20, 20), b = drawn.seen(n, 28, 20);
    EXPECT_NEAR(std::hypot(b.x - a.x, b.y - a.y), 8, 1e-4);
    most = std::max(most, std::abs(std::atan2(b.y - a.y, b.x - a.x)) * 180 / std::numbers::pi);
  }
  EXPECT_GT(most, 20);
  EXPECT_LT(most, 40);
}

// Enlarged about the middle and then shrunk somewhere: where the middle ends is where the shrinking
// put it. The other way round the enlarging would carry it away from there.
TEST(RandomTransforms, TheFirstWarpIsDoneFirst) {
  const Drawn drawn("scale:2..2+resize-pad:0.5");
  std::vector<double> places;
  for (std::int64_t n = 0; n < kDraws; ++n) {
    const double at = drawn.seen(n, 23, 19).x, slope = drawn.seen(n, 24, 19).x - at;
    const double scale = 1 / (2 * slope), middle = 23 + (23.5 - at) / slope;
    if (scale < 0.9) {
      places.push_back((middle + 0.5 - scale * kWidth / 2) / ((1 - scale) * kWidth));
    }
  }
  expect_spread(places, 0, 1);
}

Tensor grey(float value) {
  Tensor images = Tensor::host(kShape);
  std::fill_n(images.data(), images.count(), value);
  return images;
}

TEST(RandomTransforms, BrightnessIsAFactorAnImage) {
  const Context context{ContextOptions{.device = "cpu", .seed = 3}};
  const Transforms transforms = parse_transforms(context, "brightness:0.6");
  const Tensor y = through(context, transforms, grey(0.5F), draws_of(kDraws, 0));
  std::vector<double> factors;
  for (std::int64_t n = 0; n < kDraws; ++n) {
    const float* image = y.data() + n * 3 * kShape.pixels();
    factors.push_back(2 * image[0]);
    for (std::int64_t i = 0; i < 3 * kShape.pixels(); ++i) ASSERT_EQ(image[i], image[0]);
  }
  expect_spread(factors, 0.4, 1.6);
  const Tensor bright = through(context, transforms, grey(1), draws_of(kDraws, 0));
  EXPECT_EQ(*std::max_element(bright.data(), bright.data() + bright.count()), 1);
}

double deviation(const float* values, std::int64_t count, double mean) {
  double squares = 0;
  for (std::int64_t i = 0; i < count; ++i) squares += (values[i] - mean) * (values[i] - mean);
  return std::sqrt(squares / static_cast<double>(count));
}

// Of 368640 normal numbers the deviation is known to 1 in 860 (one standard error); two stages that
// drew the same would add up to twice the noise, not to sqrt 2 of it.
TEST(RandomTransforms, NoiseHasItsDeviation) {
  const Context context{ContextOptions{.device = "cpu", .seed = 3}};
  const Tensor y =
      through(context, parse_transforms(context, "noise:0.1"), grey(0.5F), draws_of(kDraws, 0));
  EXPECT_NEAR(deviation(y.data(), y.count(), 0.5), 0.1, 0.1 * 5 / 860);
}

TEST(RandomTransforms, PrintChangesColoursBlursAndAddsNoise) {
  const Context context{ContextOptions{.device = "cpu", .seed = 3}};
  const Transforms print = parse_transforms(context, "print");
  ASSERT_EQ(print.size(), 3U);
  Tensor y = context.empty(kShape);
  print[0]->forward(grey(0.5F), draws_of(kDraws, 0), y);
  std::vector<double> greys, deviations, middles;
  for (std::int64_t n = 0; n < kDraws; ++n) greys.push_back(y.data()[n * 3 * kShape.pixels()]);
  // 0.5 (1 + a + b + c) + d, each U(-0.1, 0.1): a deviation of 0.0764, of which 64 show four
  // fifths.
  double squares = 0;
  for (const double value : greys) squares += (value - 0.5) * (value - 0.5);
  EXPECT_NEAR(std::sqrt(squares / kDraws), 0.0764, 0.0764 * 0.4);

  Tensor points = grey(0);
  for (std::int64_t n = 0; n < kDraws * 3; ++n) {
    points.data()[n * kShape.pixels() + 20 * kWidth + 24] = 1;
  }
  print[1]->forward(points, draws_of(kDraws, 0), y);
  for (std::int64_t n = 0; n < kDraws; ++n) {
    const float* plane = y.data() + n * 3 * kShape.pixels();
    double sum = 0;
    for (std::int64_t i = 0; i < kShape.pixels(); ++i) sum += plane[i];
    EXPECT_NEAR(sum, 1, 1e-5);
    middles.push_back(plane[20 * kWidth + 24]);
  }
  // Of a Gaussian of one pixel the middle has (1 / sum of exp(-k^2 / 2))^2 = 0.1592.
  EXPECT_GT(*std::min_element(middles.begin(), middles.end()), 0.1591);
  EXPECT_LT(*std::min_element(middles.begin(), middles.end()), 0.2);
  EXPECT_EQ(*std::max_element(middles.begin(), middles.end()), 1);  // under an eighth of a pixel

  print[2]->forward(grey(0.5F), draws_of(kDraws, 0), y);
  for (std::int64_t n = 0; n < kDraws; ++n) {
    deviations.push_back(deviation(y.data() + n * 3 * kShape.pixels(), 3 * kShape.pixels(), 0.5));
  }
  const auto [least, most] = std::minmax_element(deviations.begin(), deviations.end());
  EXPECT_LT(*least, 0.005);
  EXPECT_GT(*most, 0.045);
  EXPECT_LT(*most, 0.05 * 1.05);
}

}  // namespace
}  // namespace phosphene
