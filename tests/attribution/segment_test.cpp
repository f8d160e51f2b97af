// GrabCut seeded from a saliency map, against the masks of the drawn shapes.
#include "phosphene/methods/segment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "phosphene/datasets/shapes.hpp"
#include "phosphene/error.hpp"
#include "phosphene/methods/saliency.hpp"
#include "phosphene/models.hpp"

namespace phosphene {
namespace {

double iou(const std::vector<bool>& a, const Tensor& mask) {
  int both = 0, either = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool b = mask.data()[i] > 0.5F;
    both += a[i] && b;
    either += a[i] || b;
  }
  return either > 0 ? static_cast<double>(both) / either : 0;
}

/// Mean intersection over union of sixteen pictures, two of each class, with the classifier that
/// comes along: GrabCut's against the map's own at the threshold that suits all of them best.
TEST(Segment, FindsTheShapeBetterThanAThreshold) {
  if (!has_segment()) GTEST_SKIP() << "built without OpenCV's imgproc";
  const Context context({.device = "cpu"});
  NetworkOptions bundled;
  bundled.weights = "shapes";
  const Network network = load_network(bundled);
  Saliency gradient(context, network, kShapesSize, kShapesSize, 1, {});
  constexpr std::uint64_t kSeed = 77, kPictures = 16;
  constexpr std::array<double, 8> kQuantiles{0.75, 0.8, 0.85, 0.875, 0.9, 0.925, 0.95, 0.975};
  double cut = 0;
  std::array<double, kQuantiles.size()> thresholded{};
  for (std::uint64_t i = 0; i < kPictures; ++i) {
    const ShapesSample sample = shapes(kSeed, i);
    const Tensor map = max_abs(gradient(sample.image).attribution);
    const Tensor mask = segment(sample.image, map);
    const std::vector<float> values(map.data(), map.data() + map.count());
    std::vector<bool> above(values.size());
    for (std::size_t p = 0; p < values.size(); ++p) above[p] = mask.data()[p] == 1;
    cut += iou(above, sample.mask) / kPictures;
    std::vector<float> sorted = values;
    std::ranges::sort(sorted);
    for (std::size_t q = 0; q < kQuantiles.size(); ++q) {
      const auto rank = kQuantiles[q] * static_cast<double>(values.size() - 1);
      const float threshold = sorted[static_cast<std::size_t>(rank)];
      for (std::size_t p = 0; p < values.size(); ++p) above[p] = values[p] > threshold;
      thresholded[q] += iou(above, sample.mask) / kPictures;
    }
  }
  EXPECT_GT(cut, *std::ranges::max_element(thresholded) + 0.05);
  EXPECT_GT(cut, 0.35);
}

TEST(Segment, TheSameTwiceAndNothingWhereTheMapIsFlat) {
  if (!has_segment()) GTEST_SKIP() << "built without OpenCV's imgproc";
  const ShapesSample sample = shapes(1, 0), other = shapes(1, 1);
  const auto cut = [&] {
    const Tensor mask = segment(sample.image, sample.mask);
    return std::vector<float>(mask.data(), mask.data() + mask.count());
  };
  const auto first = cut();
  segment(other.image, other.mask);
  EXPECT_EQ(cut(), first);
  Tensor flat = Tensor::host(sample.mask.shape());
  std::fill_n(flat.data(), flat.count(), 2.0F);
  const Tensor nothing = segment(sample.image, flat);
  EXPECT_EQ(*std::max_element(nothing.data(), nothing.data() + nothing.count()), 0);
  EXPECT_THROW(segment(sample.image, Tensor::host({1, 1, 3, 3})), UsageError);
}

TEST(Segment, SaysWhatIsMissing) {
  if (has_segment()) GTEST_SKIP() << "built with OpenCV's imgproc";
  const ShapesSample sample = shapes(1, 0);
  EXPECT_THAT([&] { segment(sample.image, sample.mask); },
              ::testing::ThrowsMessage<Error>(::testing::HasSubstr("libopencv-imgproc-dev")));
}

}  // namespace
}  // namespace phosphene
