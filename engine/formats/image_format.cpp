#include "engine/formats/image_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "phosphene/error.hpp"

namespace phosphene::formats {
namespace {

using namespace std::string_view_literals;

/// The brand of an ISO media file says what is inside; HEIC and AVIF share the container.
std::string_view iso_media_name(std::string_view head) {
  if (head.substr(4, 4) != "ftyp") return {};
  const std::string_view brand = head.substr(8, 4);
  if (brand == "avif" || brand == "avis") return "AVIF";
  static constexpr std::array kHeif = {"heic"sv, "heix"sv, "heim"sv, "heis"sv,
                                       "hevc"sv, "hevx"sv, "mif1"sv, "msf1"sv};
  return std::find(kHeif.begin(), kHeif.end(), brand) != kHeif.end() ? "HEIC"sv : ""sv;
}

/// The name of a format that is known and not read; empty for anything else.
std::string_view refused_name(std::string_view head) {
  if (head.starts_with("GIF8")) return "GIF";
  if (head.starts_with("RIFF") && head.find("WEBP") == 8) return "WebP";
  if (head.starts_with("II*\0"sv) || head.starts_with("MM\0*"sv)) return "TIFF";
  if (head.starts_with("II+\0"sv) || head.starts_with("MM\0+"sv)) return "TIFF";
  if (head.starts_with("\xff\x0a") || head.starts_with("\0\0\0\x0cJXL "sv)) return "JPEG XL";
  if (head.starts_with("\0\0\0\x0cjP  "sv) || head.starts_with("\xff\x4f\xff\x51")) {
    return "JPEG 2000";
  }
  return head.size() >= 12 ? iso_media_name(head) : std::string_view();
}

}  // namespace

ImageFormat image_format(const std::string& path, std::span<const std::uint8_t> file) {
  if (file.empty()) throw Error(fmt::format("{}: is empty", path));
  const std::string_view head(reinterpret_cast<const char*>(file.data()),
                              std::min<std::size_t>(file.size(), 16));
  if (head.starts_with("\xff\xd8\xff")) return ImageFormat::jpeg;
  if (head.starts_with("\x89PNG\r\n\x1a\n")) return ImageFormat::png;
  if (head.starts_with("BM")) return ImageFormat::bmp;
  if (const auto name = refused_name(head); !name.empty()) {
    throw Error(
        fmt::format("{}: is a {} image; expected JPEG, PNG or BMP: convert it first, for "
                    "example with ImageMagick: convert '{}[0]' OUT.png",
                    path, name, path));
  }
  throw Error(fmt::format("{}: is not an image; expected JPEG, PNG or BMP", path));
}

}  // namespace phosphene::formats
