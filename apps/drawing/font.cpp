#include "font.hpp"

#include <array>
#include <cmath>
#include <cstdlib>

// Of the letters' outlines alone: whatever else the header holds is not compiled.
#define STBTT_STATIC
#define STB_TRUETYPE_IMPLEMENTATION
#include <stb_truetype.h>

#include "phosphene/error.hpp"

// clang-format off
__asm__(
    ".pushsection .rodata\n"
    ".balign 16\n"
    ".global phosphene_font_begin\n"
    "phosphene_font_begin:\n"
    ".incbin \"" PHOSPHENE_FONT "\"\n"
    ".popsection\n");
// clang-format on

extern "C" const unsigned char phosphene_font_begin[];

namespace apps {
namespace {

const stbtt_fontinfo& face() {
  static const stbtt_fontinfo info = [] {
    stbtt_fontinfo made;
    if (stbtt_InitFont(&made, phosphene_font_begin, 0) == 0) {
      throw phosphene::Error(PHOSPHENE_FONT ": is no TrueType font");
    }
    return made;
  }();
  return info;
}

}  // namespace

std::vector<int> code_points(std::string_view text) {
  constexpr int kBroken = 0xFFFD;
  std::vector<int> points;
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i++]);
    const int more = first < 0x80 ? 0 : first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    const bool starts = first < 0x80 || (first >= 0xC2 && first < 0xF5);
    int point = more == 0 ? first : first & (0x3F >> more);
    int read = 0;
    for (; starts && read < more && i < text.size(); ++read, ++i) {
      const auto next = static_cast<unsigned char>(text[i]);
      if ((next & 0xC0) != 0x80) break;
      point = point * 64 + (next & 0x3F);
    }
    points.push_back(starts && read == more ? point : kBroken);
  }
  return points;
}

Font::Font(double size) : scale_(stbtt_ScaleForPixelHeight(&face(), static_cast<float>(size))) {}

double Font::advance(int letter, int next) const {
  int width = 0, bearing = 0;
  stbtt_GetCodepointHMetrics(&face(), letter, &width, &bearing);
  if (next != 0) width += stbtt_GetCodepointKernAdvance(&face(), letter, next);
  return static_cast<double>(scale_) * width;
}

Font::Glyph Font::glyph(int letter, double shift) const {
  int left = 0, top = 0, right = 0, bottom = 0;
  const auto part = static_cast<float>(shift);
  stbtt_GetCodepointBitmapBoxSubpixel(&face(), letter, scale_, scale_, part, 0, &left, &top, &right,
                                      &bottom);
  Glyph glyph{left, top, right - left, bottom - top, {}};
  glyph.coverage.resize(static_cast<std::size_t>(glyph.width * glyph.height));
  if (glyph.coverage.empty()) return glyph;
  stbtt_MakeCodepointBitmapSubpixel(&face(), glyph.coverage.data(), right - left, bottom - top,
                                    right - left, scale_, scale_, part, 0, letter);
  return glyph;
}

}  // namespace apps
