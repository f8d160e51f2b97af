#include "engine/formats/image_save.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "engine/formats/files.hpp"
#include "engine/formats/stb.hpp"
#include "phosphene/error.hpp"
#include "phosphene/image.hpp"

namespace phosphene {
namespace {

bool ends_with_any(const std::string& path, std::initializer_list<std::string_view> extensions) {
  std::string lower = path;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::any_of(extensions.begin(), extensions.end(),
                     [&](std::string_view extension) { return lower.ends_with(extension); });
}

bool is_png(const std::string& path) { return ends_with_any(path, {".png"}); }
bool is_jpeg(const std::string& path) { return ends_with_any(path, {".jpg", ".jpeg"}); }

std::string join_shape(const Shape& s) { return fmt::format("{}x{}x{}x{}", s.n, s.c, s.h, s.w); }

void check_saveable(const std::string& path, const Tensor& image) {
  const Shape& s = image.shape();
  const bool pixels = image.dtype() == DType::f32 && image.layout() == Layout::nchw &&
                      !image.device().is_cuda() && s.n >= 1 && (s.c == 1 || s.c == 3);
  if (!pixels || s.h < 1 || s.w < 1) {
    throw Error(
        fmt::format("{}: cannot be written: the image is {}, expected fp32 in host memory "
                    "of [n, 1 or 3, h, w]",
                    path, join_shape(s)));
  }
  if (s.h * s.w > std::numeric_limits<int>::max() / 4) {
    throw Error(fmt::format("{}: cannot be written: {}x{} pixels are too many for an image file",
                            path, s.w, s.h));
  }
}

}  // namespace

namespace formats {

std::vector<std::uint8_t> to_8_bits(const std::string& path, const Tensor& image) {
  const Shape& s = image.shape();
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(s.c * s.pixels()));
  for (std::int64_t c = 0; c < s.c; ++c) {
    const float* plane = image.data() + c * s.pixels();
    for (std::int64_t i = 0; i < s.pixels(); ++i) {
      if (std::isnan(plane[i])) {
        throw Error(
            fmt::format("{}: cannot be written: the image is NaN at channel {}, row {}, "
                        "column {}",
                        path, c, i / s.w, i % s.w));
      }
      const float level = std::clamp(plane[i], 0.0f, 1.0f) * 255.0f;
      pixels[static_cast<std::size_t>(i * s.c + c)] = static_cast<std::uint8_t>(std::lround(level));
    }
  }
  return pixels;
}

}  // namespace formats

void check_writable_image(const std::string& path) {
  if (!is_png(path) && !is_jpeg(path)) {
    throw UsageError(fmt::format("{}: images are written as .png, .jpg or .jpeg", path));
  }
  formats::check_writable_file(path);
}

void save_image(const std::string& path, const Tensor& image) {
  check_writable_image(path);
  check_saveable(path, image);
  const std::vector<std::uint8_t> pixels = formats::to_8_bits(path, image);
  const auto width = static_cast<int>(image.shape().w);
  const auto height = static_cast<int>(image.shape().h);
  const auto channels = static_cast<int>(image.shape().c);
  formats::write_file_atomically(
      path, is_png(path) ? formats::encode_png(pixels, width, height, channels)
                         : formats::encode_jpeg(path, pixels, width, height, channels));
}

}  // namespace phosphene
