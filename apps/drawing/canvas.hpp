#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "phosphene/tensor.hpp"

// Pictures for reports: plots and grids of images with words. Lengths are pixels, from the upper
// left corner of the picture; x to the right, y down.
namespace apps {

struct Colour {
  float red = 0, green = 0, blue = 0;
};
inline constexpr Colour kWhite{1, 1, 1}, kInk{0.15F, 0.15F, 0.15F}, kFaint{0.87F, 0.87F, 0.87F};

/// Okabe and Ito's colours, which colour-blind readers tell apart, darkest first; taken in turn.
Colour series_colour(std::size_t i);

struct Point {
  double x = 0, y = 0;
};

enum class Align : std::uint8_t { left, centre, right };
enum class Marker : std::uint8_t { disc, square, triangle, diamond };

class Canvas {
 public:
  Canvas(std::int64_t width, std::int64_t height, Colour background = kWhite);

  void fill(double x, double y, double width, double height, Colour colour, float opacity = 1);
  /// Straight from point to point, anti-aliased, with round ends; `dash` pixels on, as many off.
  void line(std::span<const Point> points, double width, Colour colour, double dash = 0);
  /// What lies between two lines of the same, rising x.
  void band(std::span<const Point> upper, std::span<const Point> lower, Colour colour,
            float opacity);
  void marker(Marker shape, Point centre, double radius, Colour colour);
  /// UTF-8 on one line; `at` is on the baseline, at the text's left end, middle or right end.
  void text(std::string_view words, Point at, double size, Align align = Align::left,
            Colour colour = kInk);
  /// The same turned left by a right angle: it is read from below.
  void text_upwards(std::string_view words, Point at, double size, Align align = Align::left,
                    Colour colour = kInk);
  /// A host image [1, 3 or 1, h, w] enlarged or shrunk into a box: each pixel of the canvas shows
  /// the mean of what it covers, so that enlarged pixels are squares.
  void image(const phosphene::Tensor& picture, std::int64_t x, std::int64_t y, std::int64_t width,
             std::int64_t height);

  phosphene::Tensor take() { return std::move(picture_); }  ///< host, [1, 3, h, w]; at the end

 private:
  void blend(std::int64_t x, std::int64_t y, Colour colour, float opacity);

  phosphene::Tensor picture_;
  std::int64_t width_, height_;
};

/// How wide a text is on the canvas.
double text_width(std::string_view words, double size);

/// `words` cut to a width, with three dots at its end.
std::string fitted(std::string_view words, double size, double width);

}  // namespace apps
