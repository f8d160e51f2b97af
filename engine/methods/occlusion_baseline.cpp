#include "engine/methods/occlusion_baseline.hpp"

#include <algorithm>
#include <vector>

#include "engine/methods/gaussian.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// One value a channel.
Tensor plain(const Shape& shape, const std::vector<float>& values) {
  Tensor picture = Tensor::host(shape);
  for (std::int64_t c = 0; c < shape.c; ++c) {
    std::fill_n(picture.data() + c * shape.pixels(), shape.pixels(),
                values[static_cast<std::size_t>(c)]);
  }
  return picture;
}

std::vector<float> mean_colour(const Tensor& image) {
  const std::int64_t pixels = image.shape().pixels();
  std::vector<float> means;
  for (std::int64_t c = 0; c < image.shape().c; ++c) {
    double sum = 0;
    for (std::int64_t p = 0; p < pixels; ++p) {
      sum += static_cast<double>(image.data()[c * pixels + p]);
    }
    means.push_back(static_cast<float>(sum / static_cast<double>(pixels)));
  }
  return means;
}

}  // namespace

Tensor occlusion_baseline(const Tensor& image, const OcclusionOptions& options) {
  const Shape& shape = image.shape();
  const auto channels = static_cast<std::size_t>(shape.c);
  switch (options.baseline) {
    case OcclusionBaseline::grey:
      return plain(shape, std::vector<float>(channels, 0.5F));
    case OcclusionBaseline::zero:
      return plain(shape, std::vector<float>(channels, 0));
    case OcclusionBaseline::blur:
      return gaussian_blur(image, options.blur_sigma);
    case OcclusionBaseline::noise:
      return {};
    case OcclusionBaseline::mean:
      return plain(shape, mean_colour(image));
    case OcclusionBaseline::constant:
      if (channels != options.colour.size()) {
        throw UsageError("--baseline: a colour of 3 numbers for images of " +
                         std::to_string(channels) + " channels");
      }
      return plain(shape, {options.colour.begin(), options.colour.end()});
    case OcclusionBaseline::image:
      if (options.picture->shape() != shape) {
        throw UsageError("--baseline: the picture is " + to_string(options.picture->shape()) +
                         ", the image " + to_string(shape));
      }
      return options.picture->view();
  }
  throw Error("occlusion: unknown baseline");
}

}  // namespace phosphene
