#include "engine/methods/square.hpp"

#include <algorithm>
#include <string>

#include "phosphene/error.hpp"

namespace phosphene {

Square square_of(std::int64_t h, std::int64_t w, std::int64_t size) {
  Square s{h <= w ? size : size * h / w, h <= w ? size * w / h : size, 0, 0};
  // Half of an odd margin goes to the even side, as Python's round() has it.
  const auto half = [](std::int64_t margin) {
    return margin % 2 == 0 ? margin / 2 : (margin / 2 + 1) / 2 * 2;
  };
  s.top = half(s.h - size);
  s.left = half(s.w - size);
  return s;
}

Square square_to_frame(const Shape& photo, std::int64_t size) {
  check_size(size);
  constexpr std::int64_t kLongest = 100;  // times the short side: all of it is resized
  if (std::max(photo.h, photo.w) > kLongest * std::min(photo.h, photo.w)) {
    throw Error("a photograph of " + std::to_string(photo.w) + "x" + std::to_string(photo.h) +
                " pixels, expected a long side of at most 100 times the short one");
  }
  return square_of(photo.h, photo.w, size);
}

void check_size(std::int64_t size) {
  if (size < 1) throw UsageError("a frame of " + std::to_string(size) + " pixels: expected > 0");
}

}  // namespace phosphene
