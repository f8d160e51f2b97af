#include <fmt/format.h>

#include <cstdlib>
#include <limits>

#include "engine/formats/image_load.hpp"
#include "engine/formats/image_save.hpp"
#include "engine/formats/jpeg_error.hpp"
#include "phosphene/error.hpp"

namespace phosphene::formats {
namespace {

/// A compressor and the memory that it writes to, gone whatever happens.
struct Encoder {
  JpegErrors errors;
  jpeg_compress_struct info{};
  unsigned char* file = nullptr;
  unsigned long size = 0;

  Encoder() { info.err = errors.manager(); }
  ~Encoder() {
    jpeg_destroy_compress(&info);
    std::free(file);
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
};

}  // namespace

std::vector<std::uint8_t> encode_jpeg(const std::string& path, std::span<const std::uint8_t> pixels,
                                      int width, int height, int channels,
                                      const JpegOptions& options) {
  Encoder encoder;
  jpeg_compress_struct& info = encoder.info;
  const bool done = encoder.errors.run([&] {
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &encoder.file, &encoder.size);
    info.image_width = static_cast<JDIMENSION>(width);
    info.image_height = static_cast<JDIMENSION>(height);
    info.input_components = channels;
    info.in_color_space = channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, options.quality, TRUE);
    for (int c = 0; c < info.num_components; ++c) {
      const int factor = options.half_colour && channels == 3 && c == 0 ? 2 : 1;
      info.comp_info[c].h_samp_factor = info.comp_info[c].v_samp_factor = factor;
    }
    info.optimize_coding = TRUE;
    jpeg_start_compress(&info, TRUE);
    const auto row_bytes = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
    while (info.next_scanline < info.image_height) {
      JSAMPROW row = const_cast<JSAMPROW>(pixels.data() + info.next_scanline * row_bytes);
      jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
  });
  if (!done) {
    throw Error(fmt::format("{}: cannot be written as JPEG: {}", path, encoder.errors.message()));
  }
  return {encoder.file, encoder.file + encoder.size};
}

Tensor through_jpeg(const Tensor& image, const JpegOptions& options) {
  const std::string name = "an image";
  const Shape& s = image.shape();
  const std::vector<std::uint8_t> file = encode_jpeg(
      name, to_8_bits(name, image), static_cast<int>(s.w), static_cast<int>(s.h), 3, options);
  const ImageOptions any_size{.max_megapixels = std::numeric_limits<double>::max(), .warn = {}};
  return load_jpeg({name, file, any_size});
}

}  // namespace phosphene::formats
