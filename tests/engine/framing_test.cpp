#include "phosphene/framing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "phosphene/error.hpp"
#include "tests/engine/small_network.hpp"

namespace phosphene {
namespace {

using testing::random_image;

/// A plane that rises by 1 a pixel to the right and by 10 a pixel downwards: bilinear resampling
/// keeps it, away from the edges.
Tensor slope(std::int64_t h, std::int64_t w) {
  Tensor image = Tensor::host({1, 1, h, w});
  for (std::int64_t i = 0; i < h * w; ++i) {
    image.data()[i] = static_cast<float>(i % w) + 10 * static_cast<float>(i / w);
  }
  return image;
}

std::vector<float> values(const Tensor& t) { return {t.data(), t.data() + t.count()}; }

TEST(Framing, TakesTheSquareInTheMiddle) {
  const Context context({.device = "cpu"});
  // The short side is kept, so that nothing is interpolated: columns 3 to 6 of 10, of 11 columns 4
  // to 7 (a margin of 3.5 rounds to 4), of 9 columns 2 to 5 (2.5 to 2).
  for (const auto& [w, left] : {std::pair{10, 3}, {11, 4}, {9, 2}}) {
    const Tensor square = frame(context, slope(4, w), 4);
    EXPECT_EQ(square.shape(), (Shape{1, 1, 4, 4}));
    EXPECT_EQ(square.data()[0], static_cast<float>(left));
    EXPECT_EQ(square.data()[15], static_cast<float>(left + 33));
    EXPECT_EQ(frame(context, slope(w, 4), 4).data()[0], 10 * static_cast<float>(left));
  }
  EXPECT_THROW(frame(context, slope(4, 4), 0), UsageError);
}

TEST(Framing, OneOrSeveralPhotographsAreTheSame) {
  const Context context({.device = "cpu"});
  std::vector<Tensor> photos;
  photos.push_back(random_image({1, 3, 20, 31}, 1));
  photos.push_back(random_image({1, 3, 40, 17}, 2));
  const Tensor batch = frame(context, photos, 8);
  ASSERT_EQ(batch.shape(), (Shape{2, 3, 8, 8}));
  std::vector<float> both = values(frame(context, photos[0], 8));
  for (const float v : values(frame(context, photos[1], 8))) both.push_back(v);
  EXPECT_EQ(values(batch), both);
}

/// What is framed and put back lands where it was: a linear picture comes back as itself but for
/// half a cell at the edges of the square, and what was not seen is `outside`.
TEST(Framing, RefusesAThread) {
  const Context context({.device = "cpu"});
  EXPECT_THAT(
      [&] {
        frame(context, Tensor::host({1, 3, 1, 101}), 8);
      },
      ::testing::ThrowsMessage<Error>(::testing::HasSubstr("101x1 pixels")));
  EXPECT_EQ(frame(context, slope(1, 100), 8).shape(), (Shape{1, 1, 8, 8}));
}

TEST(Framing, MapsComeBackToTheirPlace) {
  const Context context({.device = "cpu"});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [h, w, size] :
       {std::tuple{30, 43, 12}, {43, 30, 12}, {24, 24, 50}, {20, 33, 20}}) {
    const Tensor photo = slope(h, w);
    const Tensor back = unframe(frame(context, photo, size), h, w, 0, nan);
    ASSERT_EQ(back.shape(), photo.shape());
    const int side = std::min(h, w);
    // The long side is rounded down to whole pixels: up to one framed pixel over its length.
    const double cell = std::max(1.0, static_cast<double>(side) / size), tolerance = 11 * cell;
    int seen = 0;
    for (int i = 0; i < h * w; ++i) {
      const float v = back.data()[i];
      if (std::isnan(v)) continue;
      ++seen;
      EXPECT_NEAR(v, photo.data()[i], tolerance) << i / w << ' ' << i % w;
    }
    EXPECT_NEAR(seen, side * side, side * cell);
    EXPECT_EQ(std::isnan(back.data()[0]), h != w);
  }
}

/// Half-pixel centres, as PyTorch's interpolate(mode="bilinear", align_corners=False).
TEST(Framing, EnlargesBetweenTheCentres) {
  Tensor map = Tensor::host({1, 1, 1, 2});
  map.data()[0] = 0;
  map.data()[1] = 4;
  EXPECT_THAT(values(upsample(map, 1, 8)),
              ::testing::Pointwise(::testing::FloatEq(),
                                   std::vector<float>{0, 0, 0.5, 1.5, 2.5, 3.5, 4, 4}));
  EXPECT_EQ(values(upsample(map, 2, 2)), (std::vector<float>{0, 4, 0, 4}));
}

/// A coarse map covers the square, not the photograph.
TEST(Framing, ACoarseMapIsSpreadOverTheSquare) {
  Tensor map = Tensor::host({1, 1, 1, 1});
  map.data()[0] = 3;
  const Tensor back = unframe(map, 4, 8, 4, -1);
  for (int i = 0; i < 32; ++i) {
    EXPECT_EQ(back.data()[i], i % 8 >= 2 && i % 8 < 6 ? 3 : -1) << i;
  }
}

}  // namespace
}  // namespace phosphene
