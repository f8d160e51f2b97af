#include "engine/formats/stb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <memory>
#include <type_traits>

namespace {
// stb's own hooks for allocation are macros, so the limit reaches them through a variable.
thread_local std::size_t largest_allocation = std::numeric_limits<std::size_t>::max();

void* limited_realloc(void* old, std::size_t size) {
  return size > largest_allocation ? nullptr : std::realloc(old, size);
}
}  // namespace

#define STBI_MALLOC(size) limited_realloc(nullptr, size)
#define STBI_REALLOC(old, size) limited_realloc(old, size)
#define STBI_FREE(old) std::free(old)
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>

#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

#include "phosphene/error.hpp"

namespace phosphene::formats {
namespace {

struct AllocationLimit {
  explicit AllocationLimit(std::size_t bytes) { largest_allocation = bytes; }
  ~AllocationLimit() { largest_allocation = std::numeric_limits<std::size_t>::max(); }
  AllocationLimit(const AllocationLimit&) = delete;
  AllocationLimit& operator=(const AllocationLimit&) = delete;
};

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

template <class Sample>
Tensor place(const ImageSource& source, Sample* decoded, int width, int height, int orientation) {
  const std::unique_ptr<Sample, Free> pixels(decoded);
  if (pixels == nullptr) {
    // It quotes the type of a chunk that it does not know.
    source.fail(fmt::format("is truncated or corrupt: {}", printable(stbi_failure_reason())));
  }
  ImageSink sink(width, height, orientation);
  for (std::int64_t y = 0; y < height; ++y) sink.put_row(y, pixels.get() + y * width * 3);
  return sink.take();
}

}  // namespace

Tensor decode_with_stb(const ImageSource& source, std::int64_t width, std::int64_t height, int bits,
                       int orientation) {
  const std::span<const std::uint8_t> file = source.bytes;
  if (file.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    source.fail(fmt::format("has {} bytes; at most {} can be read", file.size(),
                            std::numeric_limits<int>::max()));
  }
  // The largest it needs: 4 channels of 2 bytes with a filter byte a row, or the packed data, in a
  // buffer that grows by doubling.
  constexpr std::size_t kSmallTables = 1 << 20;
  const AllocationLimit limit(static_cast<std::size_t>(2 * (8 * width * height + height)) +
                              2 * file.size() + kSmallTables);
  const int size = static_cast<int>(file.size());
  int w = 0, h = 0, channels = 0;
  if (bits == 16) {
    auto* pixels = stbi_load_16_from_memory(file.data(), size, &w, &h, &channels, 3);
    return place(source, pixels, w, h, orientation);
  }
  auto* pixels = stbi_load_from_memory(file.data(), size, &w, &h, &channels, 3);
  return place(source, pixels, w, h, orientation);
}

std::vector<std::uint8_t> inflate(std::span<const std::uint8_t> packed, std::size_t largest) {
  std::vector<std::uint8_t> bytes(largest);
  const int size = stbi_zlib_decode_buffer(
      reinterpret_cast<char*>(bytes.data()), static_cast<int>(largest),
      reinterpret_cast<const char*>(packed.data()), static_cast<int>(packed.size()));
  bytes.resize(static_cast<std::size_t>(std::max(size, 0)));
  return bytes;
}

std::vector<std::uint8_t> encode_png(std::span<const std::uint8_t> pixels, int width, int height,
                                     int channels) {
  int size = 0;
  const std::unique_ptr<std::uint8_t, Free> png(
      stbi_write_png_to_mem(pixels.data(), width * channels, width, height, channels, &size));
  if (png == nullptr) throw std::bad_alloc();
  return {png.get(), png.get() + size};
}

}  // namespace phosphene::formats
