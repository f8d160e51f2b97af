// The letters of DejaVu Sans, which is part of the program.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace apps {

/// The code points of UTF-8; what is none counts as U+FFFD.
std::vector<int> code_points(std::string_view text);

/// Text at a size in pixels, which is the font's height from the top of its letters to the bottom.
class Font {
 public:
  explicit Font(double size);

  /// From one letter's start to the next's, pairs that belong closer taken into account; `next` of
  /// 0 is none.
  double advance(int letter, int next) const;

  /// How much of each pixel a letter covers.
  struct Glyph {
    std::int64_t left = 0, top = 0;  ///< of the box, from the pixel that holds the letter's start
    std::int64_t width = 0, height = 0;
    std::vector<std::uint8_t> coverage;  ///< 0 to 255, by rows
  };
  /// `shift` in [0,1) moves it right by a part of a pixel.
  Glyph glyph(int letter, double shift) const;

 private:
  float scale_;
};

}  // namespace apps
