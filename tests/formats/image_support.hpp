#pragma once
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "phosphene/image.hpp"
#include "tests/formats/support.hpp"

namespace phosphene::test {

/// A red, green and blue level of 0..255 for each pixel, row by row.
struct Picture {
  int width = 0, height = 0;
  std::vector<int> levels;

  int level(int x, int y, int c) const {
    return levels[static_cast<std::size_t>((y * width + x) * 3 + c)];
  }
};

/// Squares of `side` pixels, each of its own colour: survives JPEG nearly unchanged at side 8, and
/// shows every flip and turn.
inline Picture coloured_squares(int columns, int rows, int side) {
  Picture picture{columns * side, rows * side, {}};
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const int square = y / side * columns + x / side;
      for (int c = 0; c < 3; ++c) {
        picture.levels.push_back((40 + square * (37 + 11 * c) + 60 * c) % 256);
      }
    }
  }
  return picture;
}

/// The shift from the expected picture, in levels, that is largest anywhere.
inline double largest_shift(const Tensor& image, const Picture& expected) {
  EXPECT_EQ(image.shape(), (Shape{1, 3, expected.height, expected.width}));
  if (image.shape() != Shape{1, 3, expected.height, expected.width}) return 1e9;
  double largest = 0;
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < expected.height; ++y) {
      for (int x = 0; x < expected.width; ++x) {
        const float value = image.data()[(c * expected.height + y) * expected.width + x];
        largest = std::max(largest, std::abs(value * 255.0 - expected.level(x, y, c)));
      }
    }
  }
  return largest;
}

/// Float division and the way back to levels: each rounds to 2^-24 of at most 255.
constexpr double kExact = 1e-4;

/// Loads images of its folder and keeps the warnings.
class Images : public InFolder {
 protected:
  Tensor load(const std::string& name) {
    warnings_.clear();
    return load_image(path(name), options_);
  }
  Tensor load(const std::string& name, const Bytes& file) {
    write(name, file);
    return load(name);
  }
  void expect_refused(const std::string& name, const Bytes& file,
                      std::initializer_list<std::string> parts) {
    write(name, file);
    std::vector<std::string> all(parts);
    all.push_back(path(name) + ": ");
    expect_error([&] { load(name); }, all);
  }
  /// Exactly these warnings, each of one line that names the file and holds the text.
  void expect_warnings(const std::string& name, std::initializer_list<std::string> texts) {
    ASSERT_EQ(warnings_.size(), texts.size()) << ::testing::PrintToString(warnings_);
    std::size_t i = 0;
    for (const std::string& text : texts) {
      const std::string& line = warnings_[i++];
      EXPECT_EQ(line.rfind(path(name) + ": ", 0), 0u) << line;
      EXPECT_NE(line.find(text), std::string::npos) << line;
      EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    }
  }

  std::vector<std::string> warnings_;
  ImageOptions options_{90, [this](const std::string& line) { warnings_.push_back(line); }};
};

/// A TIFF structure that holds the orientation alone, as an Exif block has it.
inline Bytes exif(int orientation, bool little = false) {
  Bytes tiff;
  const auto number = [&](std::uint64_t value, int size) {
    little ? append_little(tiff, value, size) : append_big(tiff, value, size);
  };
  append(tiff, little ? "II" : "MM");
  number(42, 2);
  number(8, 4);       // the directory follows at once
  number(1, 2);       // of one entry:
  number(0x0112, 2);  // orientation,
  number(3, 2);       // a short,
  number(1, 4);       // one of it
  number(static_cast<std::uint64_t>(orientation), 2);
  number(0, 2);
  number(0, 4);  // no further directory
  return tiff;
}

/// An ICC profile of nothing but a version 2 description.
inline Bytes icc_profile(const std::string& description) {
  Bytes profile(128);
  append_big(profile, 1, 4);  // tags
  append(profile, "desc");
  append_big(profile, 144, 4);
  append_big(profile, 12 + description.size() + 1, 4);
  append(profile, "desc");
  append_big(profile, 0, 4);
  append_big(profile, description.size() + 1, 4);
  append(profile, description);
  profile.push_back(0);
  return profile;
}

/// The picture as EXIF says it must look: `orientation` tells at which side of the upright image
/// the stored row 0 and the stored column 0 lie (Exif 2.3, tag 274).
inline Picture upright(const Picture& stored, int orientation) {
  static constexpr const char* kSides[9][2] = {
      {"", ""},           {"top", "left"}, {"top", "right"}, {"bottom", "right"},
      {"bottom", "left"}, {"left", "top"}, {"right", "top"}, {"right", "bottom"},
      {"left", "bottom"}};
  const std::string row0 = kSides[orientation][0], column0 = kSides[orientation][1];
  const bool swap = row0 == "left" || row0 == "right";
  const int w = stored.width, h = stored.height;
  Picture result{swap ? h : w, swap ? w : h, std::vector<int>(stored.levels.size())};
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      const int from_row0 = row0 == "top" || row0 == "left" ? y : h - 1 - y;
      const int from_column0 = column0 == "left" || column0 == "top" ? x : w - 1 - x;
      const int to_x = swap ? from_row0 : from_column0;
      const int to_y = swap ? from_column0 : from_row0;
      for (int c = 0; c < 3; ++c) {
        result.levels[static_cast<std::size_t>((to_y * result.width + to_x) * 3 + c)] =
            stored.level(x, y, c);
      }
    }
  }
  return result;
}

}  // namespace phosphene::test
