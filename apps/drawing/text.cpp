#include <cmath>
#include <cstddef>
#include <functional>

#include "canvas.hpp"
#include "font.hpp"

namespace apps {
namespace {

/// Calls `put` for every pixel of a text that starts at 0 on the baseline y = 0.
void letters(std::string_view words, double size, double start,
             const std::function<void(std::int64_t, std::int64_t, float)>& put) {
  const Font font(size);
  const std::vector<int> points = code_points(words);
  double x = start;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double whole = std::floor(x);
    const Font::Glyph glyph = font.glyph(points[i], x - whole);
    for (std::int64_t k = 0; k < glyph.width * glyph.height; ++k) {
      const auto covered = glyph.coverage[static_cast<std::size_t>(k)];
      if (covered == 0) continue;
      put(static_cast<std::int64_t>(whole) + glyph.left + k % glyph.width,
          glyph.top + k / glyph.width, static_cast<float>(covered) / 255);
    }
    x += font.advance(points[i], i + 1 < points.size() ? points[i + 1] : 0);
  }
}

double shift(std::string_view words, double size, Align align) {
  if (align == Align::left) return 0;
  return -text_width(words, size) / (align == Align::centre ? 2 : 1);
}

}  // namespace

double text_width(std::string_view words, double size) {
  const Font font(size);
  const std::vector<int> points = code_points(words);
  double width = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    width += font.advance(points[i], i + 1 < points.size() ? points[i + 1] : 0);
  }
  return width;
}

std::string fitted(std::string_view words, double size, double width) {
  if (text_width(words, size) <= width) return std::string(words);
  std::string_view kept = words;
  while (!kept.empty()) {
    while (!kept.empty() && (static_cast<unsigned char>(kept.back()) & 0xC0) == 0x80) {
      kept.remove_suffix(1);  // all but the first byte of a letter
    }
    if (!kept.empty()) kept.remove_suffix(1);
    while (kept.ends_with(' ') || kept.ends_with(',')) kept.remove_suffix(1);
    const std::string shorter = std::string(kept) + "…";
    if (text_width(shorter, size) <= width) return shorter;
  }
  return "…";
}

void Canvas::text(std::string_view words, Point at, double size, Align align, Colour colour) {
  const auto y0 = static_cast<std::int64_t>(std::llround(at.y));
  letters(
      words, size, at.x + shift(words, size, align),
      [&](std::int64_t x, std::int64_t y, float covered) { blend(x, y0 + y, colour, covered); });
}

void Canvas::text_upwards(std::string_view words, Point at, double size, Align align,
                          Colour colour) {
  const auto x0 = static_cast<std::int64_t>(std::llround(at.x));
  const auto y0 = static_cast<std::int64_t>(std::llround(at.y));
  letters(words, size, shift(words, size, align),
          [&](std::int64_t x, std::int64_t y, float covered) {
            blend(x0 + y, y0 - x, colour, covered);
          });
}

}  // namespace apps
