#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/formats/image_load.hpp"
#include "engine/formats/image_metadata.hpp"
#include "engine/formats/jpeg_error.hpp"

namespace phosphene::formats {
namespace {

/// A decompressor that is destroyed whatever happens. Errors become Error that names the file.
class Decoder {
 public:
  explicit Decoder(const ImageSource& source) : source_(source) {
    info_.err = errors_.manager();
    run([&] { jpeg_create_decompress(&info_); });
  }
  ~Decoder() { jpeg_destroy_decompress(&info_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  template <class Calls>
  void run(Calls calls) {
    if (!errors_.run(calls)) source_.fail("is not a readable JPEG: " + errors_.message());
    // At the first lost byte, so that no time goes into an image that is refused.
    if (errors_.data_lost()) source_.fail("is truncated or corrupt: " + errors_.message());
  }

  void read_header() {
    run([&] {
      jpeg_mem_src(&info_, source_.bytes.data(), source_.bytes.size());
      jpeg_save_markers(&info_, JPEG_APP0 + 1, 0xffff);  // Exif
      jpeg_save_markers(&info_, JPEG_APP0 + 2, 0xffff);  // ICC profile
      jpeg_read_header(&info_, TRUE);
    });
  }

  jpeg_decompress_struct& info() { return info_; }
  const JpegErrors& errors() const { return errors_; }

 private:
  const ImageSource& source_;
  JpegErrors errors_;
  jpeg_decompress_struct info_{};
};

int orientation(const jpeg_decompress_struct& info) {
  using namespace std::string_view_literals;
  constexpr std::string_view kExif = "Exif\0\0"sv;
  for (const auto* marker = info.marker_list; marker != nullptr; marker = marker->next) {
    const std::span<const std::uint8_t> data(marker->data, marker->data_length);
    const bool exif = marker->marker == JPEG_APP0 + 1 && data.size() > kExif.size() &&
                      std::equal(kExif.begin(), kExif.end(), data.begin());
    if (exif) return exif_orientation(data.subspan(kExif.size()));
  }
  return 1;
}

void warn_of_profile(Decoder& decoder, const ImageSource& source) {
  JOCTET* profile = nullptr;
  unsigned size = 0;
  boolean found = FALSE;
  decoder.run([&] { found = jpeg_read_icc_profile(&decoder.info(), &profile, &size); });
  if (!found) return;
  const bool srgb = is_srgb_profile({profile, size});
  std::free(profile);
  if (!srgb) source.warn("its ICC colour profile is ignored; the pixels are taken as sRGB");
}

}  // namespace

Tensor load_jpeg(const ImageSource& source) {
  Decoder decoder(source);
  decoder.read_header();
  jpeg_decompress_struct& info = decoder.info();
  source.check_size(info.image_width, info.image_height);
  if (info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK) {
    source.fail(
        fmt::format("is a CMYK JPEG; expected RGB or grey: convert it first, for example "
                    "with ImageMagick: convert '{}' -colorspace sRGB OUT.png",
                    source.path));
  }
  if (info.jpeg_color_space == JCS_UNKNOWN) {
    source.fail(
        fmt::format("is a JPEG of {} components; expected RGB or grey", info.num_components));
  }
  warn_of_profile(decoder, source);

  info.out_color_space = JCS_RGB;  // grey too
  decoder.run([&] { jpeg_start_decompress(&info); });
  ImageSink sink(info.output_width, info.output_height, orientation(info));
  std::vector<std::uint8_t> row(static_cast<std::size_t>(info.output_width) * 3);
  while (info.output_scanline < info.output_height) {
    const auto y = static_cast<std::int64_t>(info.output_scanline);
    JSAMPROW pointer = row.data();
    decoder.run([&] { jpeg_read_scanlines(&info, &pointer, 1); });
    sink.put_row(y, row.data());
  }
  decoder.run([&] { jpeg_finish_decompress(&info); });
  if (decoder.errors().has_oddity()) {
    source.warn("read, though against the standard: " + decoder.errors().oddity());
  }
  return sink.take();
}

}  // namespace phosphene::formats
