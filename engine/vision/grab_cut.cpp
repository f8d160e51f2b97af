#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "phosphene/error.hpp"
#include "phosphene/methods/segment.hpp"

namespace phosphene {
namespace {

float quantile(std::vector<float> values, float share) {
  const auto at = values.begin() +
                  std::lround(static_cast<double>(share) * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

cv::Mat to_mat(const Tensor& image) {
  const Shape& s = image.shape();
  cv::Mat mat(static_cast<int>(s.h), static_cast<int>(s.w), CV_8UC3);
  for (std::int64_t p = 0; p < s.pixels(); ++p) {
    for (std::int64_t c = 0; c < 3; ++c) {
      const float level = std::clamp(image.data()[c * s.pixels() + p], 0.0F, 1.0F) * 255;
      mat.data[p * 3 + c] = static_cast<unsigned char>(std::lround(level));
    }
  }
  return mat;
}

}  // namespace

Tensor segment(const Tensor& image, const Tensor& map, const SegmentOptions& options) {
  const Shape& s = image.shape();
  if (s.n != 1 || s.c != 3 || map.shape() != Shape{1, 1, s.h, s.w}) {
    throw UsageError("segment: an image " + to_string(s) + " with a map " + to_string(map.shape()) +
                     ", expected 1x3xHxW and 1x1xHxW");
  }
  const std::vector<float> values(map.data(), map.data() + map.count());
  const float sure = quantile(values, options.foreground);
  const float none = quantile(values, options.background);
  cv::Mat labels(static_cast<int>(s.h), static_cast<int>(s.w), CV_8UC1);
  bool found = false;
  for (std::size_t p = 0; p < values.size(); ++p) {
    const bool ground = values[p] <= none, object = !ground && values[p] >= sure;
    found = found || object;
    labels.data[p] = static_cast<unsigned char>(object   ? cv::GC_FGD
                                                : ground ? cv::GC_BGD
                                                         : cv::GC_PR_BGD);
  }
  Tensor mask = Tensor::host({1, 1, s.h, s.w});
  std::fill_n(mask.data(), mask.count(), 0.0F);
  if (!found) return mask;
  cv::setRNGSeed(0);  // its clusters begin at random: the same bytes whatever ran before
  cv::Mat ground_colours, object_colours;
  cv::grabCut(to_mat(image), labels, {}, ground_colours, object_colours, options.iterations,
              cv::GC_INIT_WITH_MASK);
  for (std::int64_t p = 0; p < mask.count(); ++p) {
    mask.data()[p] = labels.data[p] == cv::GC_FGD || labels.data[p] == cv::GC_PR_FGD ? 1.0F : 0.0F;
  }
  return mask;
}

bool has_segment() { return true; }

}  // namespace phosphene
