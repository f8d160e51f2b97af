// The transforms before a network, beside libjpeg-turbo through Pillow, scipy's filters and
// PyTorch's grid_sample.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/ops/transform_ops.hpp"
#include "phosphene/defences/transform.hpp"
#include "tests/golden/golden.hpp"

namespace phosphene::golden {
namespace {

constexpr Shape kShape{1, 3, 31, 42};

/// Values in [0,1] that float rounded a few dozen times.
constexpr double kRounded = 50 * 0x1p-24;

double largest_difference(const Values& a, const Values& b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

struct TransformCase {
  const char* spec;
  double tolerance;
};
void PrintTo(const TransformCase& transform, std::ostream* out) { *out << transform.spec; }

class DefenceGolden : public testing::TestWithParam<TransformCase> {};

// A JPEG's pixels are whole numbers, the same wherever libjpeg's slow integer transform runs; what
// scipy takes for a median is one of the pixels.
TEST_P(DefenceGolden, agrees) {
  const Context context({.device = "cpu"});
  const Weights golden = load("defences");
  const Tensor image = picture(kShape, stored_seed(golden, "seed"));
  Tensor y = context.empty(kShape);
  parse_transforms(context, GetParam().spec).at(0)->forward(image, {}, y);
  EXPECT_LE(largest_difference(reference::read(y), values(golden, GetParam().spec)),
            GetParam().tolerance);
}

INSTANTIATE_TEST_SUITE_P(Transforms, DefenceGolden,
                         testing::Values(TransformCase{"jpeg:75", 0}, TransformCase{"jpeg:20", 0},
                                         TransformCase{"gaussian:1.5", kRounded},
                                         TransformCase{"median:3", 0},
                                         TransformCase{"median:5", 0}));

// A place is off by some 2^-24 of the 42 pixels, a handful of times, and what is sampled there by
// as much times the picture's range, which a gradient sums up to 16 times.
TEST(DefenceGolden, warps_and_their_gradients_agree) {
  const Context context({.device = "cpu"});
  const Weights golden = load("defences");
  const std::uint64_t seed = stored_seed(golden, "seed");
  const Tensor image = picture(kShape, seed);
  Tensor d_y = context.empty(kShape), y = context.empty(kShape), d_x = context.empty(kShape);
  reference::write(reference::Random(seed + 1).values(kShape.count(), -1, 1), d_y);
  for (const std::string warp : {"warp0", "warp1"}) {
    ops::Matrix3 matrix;
    const Values stored = values(golden, warp + ".matrix");
    std::copy(stored.begin(), stored.end(), matrix.begin());
    Tensor numbers = context.empty({1, 1, 1, ops::kWarpNumbers});
    ops::write_warp_numbers(matrix, numbers.data());
    ops::warp(context, image, numbers, y);
    ops::warp_backward(context, d_y, numbers, d_x);
    constexpr double kPlaces = 8 * 42 * 0x1p-24;
    EXPECT_LE(largest_difference(reference::read(y), values(golden, warp)), 4 * kPlaces);
    EXPECT_LE(largest_difference(reference::read(d_x), values(golden, warp + ".gradient")),
              16 * kPlaces);
  }
}

}  // namespace
}  // namespace phosphene::golden
