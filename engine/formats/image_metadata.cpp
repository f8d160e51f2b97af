#include "engine/formats/image_metadata.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace phosphene::formats {
namespace {

/// Unsigned integers of either byte order; nothing beyond the end.
class Reader {
 public:
  Reader(std::span<const std::uint8_t> bytes, bool little) : bytes_(bytes), little_(little) {}

  std::optional<std::uint32_t> read(std::size_t offset, std::size_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8 | bytes_[offset + (little_ ? size - 1 - i : i)];
    }
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  bool little_;
};

}  // namespace

int exif_orientation(std::span<const std::uint8_t> tiff) {
  constexpr std::uint32_t kOrientation = 0x0112, kShort = 3;
  constexpr std::size_t kEntryBytes = 12;
  if (tiff.size() < 8 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M')) return 1;
  const Reader reader(tiff, tiff[0] == 'I');
  const std::size_t directory = reader.read(4, 4).value_or(0);
  const std::size_t entries = reader.read(directory, 2).value_or(0);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    if (reader.read(entry, 2) != kOrientation || reader.read(entry + 2, 2) != kShort) continue;
    const std::uint32_t value = reader.read(entry + 8, 2).value_or(1);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

bool is_srgb_profile(std::span<const std::uint8_t> profile) {
  constexpr std::size_t kTagTable = 128, kTagBytes = 12;
  constexpr std::uint32_t kDescription = 0x64657363;  // 'desc'
  const Reader reader(profile, false);
  const std::size_t tags = reader.read(kTagTable, 4).value_or(0);
  for (std::size_t i = 0; i < std::min<std::size_t>(tags, 100); ++i) {
    const std::size_t tag = kTagTable + 4 + i * kTagBytes;
    if (reader.read(tag, 4) != kDescription) continue;
    const std::size_t offset = reader.read(tag + 4, 4).value_or(0);
    const std::size_t size = reader.read(tag + 8, 4).value_or(0);
    if (offset > profile.size()) return false;
    const auto text = profile.subspan(offset, std::min(size, profile.size() - offset));
    // The text is ASCII in version 2 and UTF-16 in version 4: without zeros both read the same.
    std::string plain;
    std::copy_if(text.begin(), text.end(), std::back_inserter(plain),
                 [](std::uint8_t c) { return c != 0; });
    return plain.find("sRGB") != std::string::npos;
  }
  return false;
}

}  // namespace phosphene::formats
