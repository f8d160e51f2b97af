#include "engine/formats/image_load.hpp"

#include <fmt/format.h>

#include "engine/formats/files.hpp"
#include "engine/formats/image_format.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace formats {

void ImageSource::fail(const std::string& what) const {
  throw Error(fmt::format("{}: {}", path, what));
}

void ImageSource::warn(const std::string& what) const {
  if (options.warn) options.warn(fmt::format("{}: {}", path, what));
}

void ImageSource::check_size(std::int64_t width, std::int64_t height) const {
  if (width <= 0 || height <= 0) {
    fail(fmt::format("is an image of {}x{} pixels", width, height));
  }
  const double megapixels = static_cast<double>(width) * static_cast<double>(height) * 1e-6;
  if (megapixels > options.max_megapixels) {
    fail(
        fmt::format("has {}x{} pixels, {:.6g} megapixels; at most {:.6g} are allowed "
                    "(--max-megapixels)",
                    width, height, megapixels, options.max_megapixels));
  }
}

ImageSink::ImageSink(std::int64_t width, std::int64_t height, int orientation) : width_(width) {
  // 5 to 8 swap the axes; then, on the turned image, these flip left-right and top-bottom.
  const bool swap = orientation >= 5;
  const bool flip_x = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool flip_y = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const std::int64_t w = swap ? height : width;
  const std::int64_t h = swap ? width : height;
  origin_ = (flip_x ? w - 1 : 0) + (flip_y ? (h - 1) * w : 0);
  const std::int64_t along_x = flip_x ? -1 : 1;
  const std::int64_t along_y = flip_y ? -w : w;
  step_x_ = swap ? along_y : along_x;
  step_y_ = swap ? along_x : along_y;
  image_ = Tensor::host({1, 3, h, w});
}

template <class Sample>
void ImageSink::put(std::int64_t y, const Sample* rgb, float largest) {
  const std::int64_t plane = image_.shape().pixels();
  float* red = image_.data() + origin_ + y * step_y_;
  for (std::int64_t x = 0; x < width_; ++x, rgb += 3) {
    float* pixel = red + x * step_x_;
    for (int c = 0; c < 3; ++c) pixel[c * plane] = static_cast<float>(rgb[c]) / largest;
  }
}

void ImageSink::put_row(std::int64_t y, const std::uint8_t* rgb) { put(y, rgb, 255.0f); }
void ImageSink::put_row(std::int64_t y, const std::uint16_t* rgb) { put(y, rgb, 65535.0f); }

Tensor decode_image(const ImageSource& source) {
  switch (image_format(source.path, source.bytes)) {
    case ImageFormat::jpeg:
      return load_jpeg(source);
    case ImageFormat::png:
      return load_png(source);
    case ImageFormat::bmp:
      return load_bmp(source);
  }
  source.fail("is not an image");  // the compiler cannot know that the cases are all
}

}  // namespace formats

Tensor load_image(const std::string& path, const ImageOptions& options) {
  const formats::MappedFile file(path);
  return formats::decode_image({path, file.bytes(), options});
}

}  // namespace phosphene
