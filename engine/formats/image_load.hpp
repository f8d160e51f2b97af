#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "phosphene/image.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene::formats {

/// What the decoders of one file share: its name, its bytes, and what the user allows.
struct ImageSource {
  const std::string& path;
  std::span<const std::uint8_t> bytes;
  const ImageOptions& options;

  [[noreturn]] void fail(const std::string& what) const;  ///< Error "path: what"
  void warn(const std::string& what) const;               ///< the line "path: what"

  /// To be called before memory is taken: throws for zero, or too many, pixels.
  void check_size(std::int64_t width, std::int64_t height) const;
};

/// The image under construction: planes of R, G and B in [0,1], every stored row turned as EXIF's
/// `orientation` (1 to 8) says while it is put in place.
class ImageSink {
 public:
  ImageSink(std::int64_t width, std::int64_t height, int orientation);

  void put_row(std::int64_t y, const std::uint8_t* rgb);   ///< value / 255
  void put_row(std::int64_t y, const std::uint16_t* rgb);  ///< value / 65535
  Tensor take() { return std::move(image_); }

 private:
  template <class Sample>
  void put(std::int64_t y, const Sample* rgb, float largest);

  std::int64_t width_;
  /// The stored pixel (x, y) goes to origin_ + x * step_x_ + y * step_y_ of each plane.
  std::int64_t origin_, step_x_, step_y_;
  Tensor image_;
};

/// Tells the format by the first bytes and decodes.
Tensor decode_image(const ImageSource& source);

Tensor load_jpeg(const ImageSource& source);
Tensor load_png(const ImageSource& source);
Tensor load_bmp(const ImageSource& source);

}  // namespace phosphene::formats
