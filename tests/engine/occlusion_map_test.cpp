#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "engine/methods/gaussian.hpp"
#include "phosphene/error.hpp"
#include "phosphene/methods/occlusion.hpp"
#include "tests/engine/small_network.hpp"

// The places of the windows, the maps that their drops become, and both as Captum has them.
namespace phosphene {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::Ge;
using ::testing::HasSubstr;
using testing::random_image;
using ::testing::ThrowsMessage;

std::vector<float> values(const Tensor& t) { return {t.data(), t.data() + t.count()}; }

Tensor host(Shape shape, const std::vector<float>& from) {
  Tensor t = Tensor::host(shape);
  std::ranges::copy(from, t.data());
  return t;
}

TEST(OcclusionGrid, PlacesAreCaptums) {
  const OcclusionGrid grid(224, 224, {15, 15}, {8, 8});
  EXPECT_EQ(grid.rows(), 28);
  EXPECT_EQ(grid.cols(), 28);
  const OcclusionWindow last = grid.window(783);
  EXPECT_EQ(last.top, 216);
  EXPECT_EQ(last.left, 216);
  EXPECT_EQ(last.height, 8);  // clipped at the edge
  EXPECT_EQ(last.width, 8);
}

TEST(OcclusionGrid, EveryPixelIsCovered) {
  for (int extent = 1; extent < 20; ++extent) {
    for (int patch = 1; patch <= extent; ++patch) {
      for (int stride = 1; stride <= patch; ++stride) {
        const OcclusionGrid grid(extent, 1, {patch, 1}, {stride, 1});
        std::vector<int> covered(static_cast<std::size_t>(extent));
        for (std::int64_t i = 0; i < grid.count(); ++i) {
          const OcclusionWindow w = grid.window(i);
          ASSERT_GE(w.height, 1);
          ASSERT_LE(w.top + w.height, extent);
          for (std::int64_t y = 0; y < w.height; ++y) {
            ++covered[static_cast<std::size_t>(w.top + y)];
          }
        }
        EXPECT_THAT(covered, Each(Ge(1))) << extent << " " << patch << " " << stride;
      }
    }
  }
}

TEST(OcclusionGrid, RefusesWhatMakesNoSense) {
  const auto grid = [](Extent patch, Extent stride) {
    return [=] { return OcclusionGrid(10, 12, patch, stride); };
  };
  EXPECT_THAT(grid({11, 3}, {2, 2}),
              ThrowsMessage<UsageError>(HasSubstr("--patch 11x3: larger than the 10x12 pixels")));
  EXPECT_THAT(grid({3, 13}, {2, 2}), ThrowsMessage<UsageError>(HasSubstr("--patch 3x13: larger")));
  EXPECT_THAT(grid({3, 3}, {4, 2}),
              ThrowsMessage<UsageError>(HasSubstr("--stride 4x2: larger than the patch of 3x3")));
  EXPECT_THAT(grid({3, 0}, {1, 1}), ThrowsMessage<UsageError>(HasSubstr("--patch 3x0")));
  EXPECT_THAT(grid({3, 3}, {1, 0}), ThrowsMessage<UsageError>(HasSubstr("--stride 1x0")));
}

/// Patches of 3 every 2 pixels over 8: centres at 1, 3, 5 and, of the clipped last one, 6.5.
TEST(OcclusionMap, CentreInterpolatesBetweenTheCentres) {
  const OcclusionGrid grid(1, 8, {1, 3}, {1, 2});
  const Tensor map =
      occlusion_map(grid, host({1, 1, 1, 4}, {2, 4, -2, 1}), OcclusionAggregate::centre);
  EXPECT_THAT(values(map), ElementsAre(2, 2, 3, 4, 1, -2, FloatEq(0), 1));
}

TEST(OcclusionMap, CentreIsLinearInBothDirections) {
  const OcclusionGrid grid(9, 11, {3, 5}, {3, 3});  // centres at 1, 4, 7 and 2, 5, 8
  Tensor drops = Tensor::host({1, 1, 3, 3});
  for (int i = 0; i < 9; ++i) {
    drops.data()[i] = static_cast<float>(10 * (1 + 3 * (i / 3)) + 2 + 3 * (i % 3));
  }
  const Tensor map = occlusion_map(grid, drops, OcclusionAggregate::centre);
  for (int y = 1; y <= 7; ++y) {
    for (int x = 2; x <= 8; ++x) {
      EXPECT_FLOAT_EQ(map.data()[y * 11 + x], static_cast<float>(10 * y + x));
    }
  }
}

TEST(OcclusionMap, SmoothingIsTheGaussianOfTheMap) {
  const OcclusionGrid grid(12, 14, {4, 3}, {3, 2});
  const Tensor drops = random_image({1, 1, grid.rows(), grid.cols()}, 5);
  const Tensor plain = occlusion_map(grid, drops, OcclusionAggregate::mean);
  EXPECT_EQ(values(occlusion_map(grid, drops, OcclusionAggregate::mean, 2)),
            values(gaussian_blur(plain, 2)));
}

TEST(Gaussian, LeavesWhatIsConstant) {
  Tensor plain = Tensor::host({1, 1, 6, 9});
  std::fill_n(plain.data(), plain.count(), 0.7F);
  EXPECT_THAT(values(gaussian_blur(plain, 3)), Each(FloatEq(0.7F)));
}

// --- Captum's own numbers (tests/attr/test_occlusion.py) -----------------------------------------

/// BasicModel_MultiLayer: relu([1; 1; 1; 1] (x1 + x2 + x3) + [-10; 1; 1; 1]), then all four summed
/// onto -1 for class 0 and 1 for class 1.
Tensor captum_multi_layer(const Tensor& images) {
  Tensor logits = Tensor::host({images.shape().n, 2, 1, 1});
  for (std::int64_t i = 0; i < images.shape().n; ++i) {
    const float* x = images.data() + 3 * i;
    const float all = x[0] + x[1] + x[2];
    const float sum = std::max(all - 10, 0.0F) + 3 * std::max(all + 1, 0.0F);
    logits.data()[2 * i] = sum - 1;
    logits.data()[2 * i + 1] = sum + 1;
  }
  return logits;
}

OcclusionOptions as_captum(Extent patch, Extent stride) {
  OcclusionOptions options;
  options.patch = patch;
  options.stride = stride;
  options.baseline = OcclusionBaseline::zero;
  options.score = OcclusionScore::logit;
  options.target = 0;
  return options;
}

TEST(OcclusionAsCaptum, MultiLayer) {
  const Context context({.device = "cpu"});
  const Tensor x = host({1, 1, 1, 3}, {20, 50, 30});
  for (std::int64_t batch : {1, 2, 3}) {
    OcclusionOptions one = as_captum({1, 1}, {1, 1}), two = as_captum({1, 2}, {1, 2});
    one.batch = two.batch = batch;
    EXPECT_THAT(values(Occlusion(context, captum_multi_layer, 1, 3, one).run(x).map),
                ElementsAre(80, 200, 120));
    EXPECT_THAT(values(Occlusion(context, captum_multi_layer, 1, 3, two).run(x).map),
                ElementsAre(280, 280, 120));
  }
}

/// BasicModel_ConvNet_One_Conv with its second input, of ones: x + 1 under two 3x3 convolutions of
/// ones with biases -50 and -75, a ReLU, then the first five of the eight values minus the last
/// three, and a ReLU.
Tensor captum_one_conv(const Tensor& images) {
  Tensor logits = Tensor::host({images.shape().n, 4, 1, 1});
  for (std::int64_t i = 0; i < images.shape().n; ++i) {
    float sum = 0;
    for (int j = 0; j < 8; ++j) {
      float y = j < 4 ? -50.0F : -75.0F;
      for (int k = 0; k < 9; ++k) {
        y += 1 + images.data()[16 * i + (j % 4 / 2 + k / 3) * 4 + j % 2 + k % 3];
      }
      sum += std::max(y, 0.0F) * (j < 5 ? 1.0F : -1.0F);
    }
    std::fill_n(logits.data() + 4 * i, 4, std::max(sum, 0.0F));
  }
  return logits;
}

TEST(OcclusionAsCaptum, OneConv) {
  const Context context({.device = "cpu"});
  Tensor x = Tensor::host({1, 1, 4, 4});
  for (int i = 0; i < 16; ++i) x.data()[i] = static_cast<float>(i);
  const auto map = [&](Extent patch, Extent stride) {
    return values(Occlusion(context, captum_one_conv, 4, 4, as_captum(patch, stride)).run(x).map);
  };
  EXPECT_THAT(map({4, 4}, {4, 4}), Each(67));
  EXPECT_THAT(map({2, 3}, {2, 1}),
              ElementsAre(17, 17, 17, 17, 17, 17, 17, 17, 64, 65.5, 65.5, 67, 64, 65.5, 65.5, 67));
}

}  // namespace
}  // namespace phosphene
